CREATE TABLE `audit_anchors` (
	`owner` text PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`hash` text NOT NULL,
	`at` integer NOT NULL,
	`removed` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `beta_audit_anchors` (
	`owner` text PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`hash` text NOT NULL,
	`at` integer NOT NULL,
	`removed` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `beta_consents` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`owner` text NOT NULL,
	`connection` text NOT NULL,
	`provider` text NOT NULL,
	`account` text NOT NULL,
	`asked` text NOT NULL,
	`granted` text NOT NULL,
	`network` text,
	`policy_version` text NOT NULL,
	`actor` text NOT NULL,
	`request_id` text
);
--> statement-breakpoint
CREATE INDEX `beta_consents_owner` ON `beta_consents` (`owner`,`at`,`id`);--> statement-breakpoint
CREATE INDEX `beta_consents_at` ON `beta_consents` (`at`,`id`);--> statement-breakpoint
CREATE TABLE `beta_counters` (
	`day` text NOT NULL,
	`owner` text NOT NULL,
	`provider` text NOT NULL,
	`action` text NOT NULL,
	`outcome` text NOT NULL,
	`code` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`owner`, `day`, `provider`, `action`, `outcome`, `code`)
);
--> statement-breakpoint
CREATE TABLE `beta_events` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`owner` text NOT NULL,
	`connection` text NOT NULL,
	`version` integer NOT NULL,
	`type` text NOT NULL,
	`body` text NOT NULL,
	`state` text NOT NULL,
	`due_at` integer,
	`deliveries` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `beta_events_owner` ON `beta_events` (`owner`,`at`,`id`);--> statement-breakpoint
CREATE INDEX `beta_events_at` ON `beta_events` (`at`,`id`);--> statement-breakpoint
CREATE INDEX `beta_events_due` ON `beta_events` (`state`,`due_at`);--> statement-breakpoint
CREATE TABLE `beta_job_state` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `consents` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`owner` text NOT NULL,
	`connection` text NOT NULL,
	`provider` text NOT NULL,
	`account` text NOT NULL,
	`asked` text NOT NULL,
	`granted` text NOT NULL,
	`network` text,
	`policy_version` text NOT NULL,
	`actor` text NOT NULL,
	`request_id` text
);
--> statement-breakpoint
CREATE INDEX `consents_owner` ON `consents` (`owner`,`at`,`id`);--> statement-breakpoint
CREATE INDEX `consents_at` ON `consents` (`at`,`id`);--> statement-breakpoint
CREATE TABLE `counters` (
	`day` text NOT NULL,
	`owner` text NOT NULL,
	`provider` text NOT NULL,
	`action` text NOT NULL,
	`outcome` text NOT NULL,
	`code` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`owner`, `day`, `provider`, `action`, `outcome`, `code`)
);
--> statement-breakpoint
CREATE TABLE `events` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`owner` text NOT NULL,
	`connection` text NOT NULL,
	`version` integer NOT NULL,
	`type` text NOT NULL,
	`body` text NOT NULL,
	`state` text NOT NULL,
	`due_at` integer,
	`deliveries` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `events_owner` ON `events` (`owner`,`at`,`id`);--> statement-breakpoint
CREATE INDEX `events_at` ON `events` (`at`,`id`);--> statement-breakpoint
CREATE INDEX `events_due` ON `events` (`state`,`due_at`);--> statement-breakpoint
CREATE TABLE `job_state` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `audit` ADD `detail` text;--> statement-breakpoint
ALTER TABLE `audit` ADD `seq` integer;--> statement-breakpoint
ALTER TABLE `audit` ADD `prev_hash` text;--> statement-breakpoint
ALTER TABLE `audit` ADD `hash` text;--> statement-breakpoint
CREATE UNIQUE INDEX `audit_chain` ON `audit` (`owner`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_at` ON `audit` (`at`,`id`);--> statement-breakpoint
ALTER TABLE `beta_audit` ADD `detail` text;--> statement-breakpoint
ALTER TABLE `beta_audit` ADD `seq` integer;--> statement-breakpoint
ALTER TABLE `beta_audit` ADD `prev_hash` text;--> statement-breakpoint
ALTER TABLE `beta_audit` ADD `hash` text;--> statement-breakpoint
CREATE UNIQUE INDEX `beta_audit_chain` ON `beta_audit` (`owner`,`seq`);--> statement-breakpoint
CREATE INDEX `beta_audit_at` ON `beta_audit` (`at`,`id`);--> statement-breakpoint
ALTER TABLE `beta_connections` ADD `asked_scopes` text;--> statement-breakpoint
ALTER TABLE `beta_connections` ADD `grant_expires_at` integer;--> statement-breakpoint
ALTER TABLE `beta_connections` ADD `expiry_announced_at` integer;--> statement-breakpoint
ALTER TABLE `beta_connections` ADD `sealed_with` text;--> statement-breakpoint
ALTER TABLE `beta_connections` ADD `revocation` text;--> statement-breakpoint
ALTER TABLE `beta_connections` ADD `revocation_due_at` integer;--> statement-breakpoint
CREATE INDEX `beta_connections_shared` ON `beta_connections` (`account`,`provider`);--> statement-breakpoint
CREATE INDEX `beta_connections_sealed` ON `beta_connections` (`sealed_with`,`id`);--> statement-breakpoint
CREATE INDEX `beta_connections_revocation` ON `beta_connections` (`revocation_due_at`);--> statement-breakpoint
CREATE INDEX `beta_connections_death` ON `beta_connections` (`status`,`grant_expires_at`);--> statement-breakpoint
ALTER TABLE `connections` ADD `asked_scopes` text;--> statement-breakpoint
ALTER TABLE `connections` ADD `grant_expires_at` integer;--> statement-breakpoint
ALTER TABLE `connections` ADD `expiry_announced_at` integer;--> statement-breakpoint
ALTER TABLE `connections` ADD `sealed_with` text;--> statement-breakpoint
ALTER TABLE `connections` ADD `revocation` text;--> statement-breakpoint
ALTER TABLE `connections` ADD `revocation_due_at` integer;--> statement-breakpoint
CREATE INDEX `connections_shared` ON `connections` (`account`,`provider`);--> statement-breakpoint
CREATE INDEX `connections_sealed` ON `connections` (`sealed_with`,`id`);--> statement-breakpoint
CREATE INDEX `connections_revocation` ON `connections` (`revocation_due_at`);--> statement-breakpoint
CREATE INDEX `connections_death` ON `connections` (`status`,`grant_expires_at`);