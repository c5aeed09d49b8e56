CREATE TABLE `audit` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`owner` text NOT NULL,
	`connection` text,
	`provider` text NOT NULL,
	`action` text NOT NULL,
	`outcome` text NOT NULL,
	`code` text,
	`provider_code` text,
	`request_id` text
);
--> statement-breakpoint
CREATE INDEX `audit_owner` ON `audit` (`owner`,`at`);--> statement-breakpoint
CREATE TABLE `beta_audit` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`owner` text NOT NULL,
	`connection` text,
	`provider` text NOT NULL,
	`action` text NOT NULL,
	`outcome` text NOT NULL,
	`code` text,
	`provider_code` text,
	`request_id` text
);
--> statement-breakpoint
CREATE INDEX `beta_audit_owner` ON `beta_audit` (`owner`,`at`);--> statement-breakpoint
CREATE TABLE `beta_connections` (
	`id` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`provider` text NOT NULL,
	`account` text NOT NULL,
	`profile` text NOT NULL,
	`status` text NOT NULL,
	`status_reason` text,
	`status_code` text,
	`status_claims` text,
	`status_mend` text,
	`scopes` text NOT NULL,
	`refresh_token` text,
	`refresh_token_at` integer,
	`access_tokens` text NOT NULL,
	`token_expires_at` integer,
	`generation` integer NOT NULL,
	`version` integer NOT NULL,
	`refresh_failures` integer NOT NULL,
	`last_failure` text,
	`last_refreshed_at` integer,
	`last_used_at` integer,
	`connected_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `beta_connections_account` ON `beta_connections` (`owner`,`provider`,`account`);--> statement-breakpoint
CREATE INDEX `beta_connections_expiry` ON `beta_connections` (`status`,`token_expires_at`);--> statement-breakpoint
CREATE INDEX `beta_connections_idle` ON `beta_connections` (`status`,`refresh_token_at`);--> statement-breakpoint
CREATE TABLE `connections` (
	`id` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`provider` text NOT NULL,
	`account` text NOT NULL,
	`profile` text NOT NULL,
	`status` text NOT NULL,
	`status_reason` text,
	`status_code` text,
	`status_claims` text,
	`status_mend` text,
	`scopes` text NOT NULL,
	`refresh_token` text,
	`refresh_token_at` integer,
	`access_tokens` text NOT NULL,
	`token_expires_at` integer,
	`generation` integer NOT NULL,
	`version` integer NOT NULL,
	`refresh_failures` integer NOT NULL,
	`last_failure` text,
	`last_refreshed_at` integer,
	`last_used_at` integer,
	`connected_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `connections_account` ON `connections` (`owner`,`provider`,`account`);--> statement-breakpoint
CREATE INDEX `connections_expiry` ON `connections` (`status`,`token_expires_at`);--> statement-breakpoint
CREATE INDEX `connections_idle` ON `connections` (`status`,`refresh_token_at`);