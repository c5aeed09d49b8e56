CREATE TABLE `tenants` (
	`id` text PRIMARY KEY NOT NULL,
	`org` text NOT NULL,
	`tenant_id` text NOT NULL,
	`tenant_name` text,
	`domains` text NOT NULL,
	`client_id` text NOT NULL,
	`credential_kind` text NOT NULL,
	`credential` text,
	`secret_expires_at` integer,
	`sealed_with` text,
	`status` text NOT NULL,
	`status_reason` text,
	`status_code` text,
	`connected_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`version` integer NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tenants_org` ON `tenants` (`org`);--> statement-breakpoint
CREATE INDEX `tenants_due` ON `tenants` (`due_at`);--> statement-breakpoint
CREATE INDEX `tenants_sealed` ON `tenants` (`sealed_with`,`id`);