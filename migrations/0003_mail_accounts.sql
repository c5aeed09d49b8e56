CREATE TABLE `beta_mail_accounts` (
	`id` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`address` text NOT NULL,
	`username` text,
	`provider` text,
	`auth_method` text NOT NULL,
	`connection` text,
	`imap` text,
	`smtp` text,
	`password` text,
	`sealed_with` text,
	`chosen_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`version` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `beta_mail_accounts_address` ON `beta_mail_accounts` (`owner`,`address`);--> statement-breakpoint
CREATE INDEX `beta_mail_accounts_sealed` ON `beta_mail_accounts` (`sealed_with`,`id`);--> statement-breakpoint
CREATE TABLE `mail_accounts` (
	`id` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`address` text NOT NULL,
	`username` text,
	`provider` text,
	`auth_method` text NOT NULL,
	`connection` text,
	`imap` text,
	`smtp` text,
	`password` text,
	`sealed_with` text,
	`chosen_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`version` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `mail_accounts_address` ON `mail_accounts` (`owner`,`address`);--> statement-breakpoint
CREATE INDEX `mail_accounts_sealed` ON `mail_accounts` (`sealed_with`,`id`);--> statement-breakpoint
ALTER TABLE `beta_connections` ADD `withheld` text;--> statement-breakpoint
ALTER TABLE `connections` ADD `withheld` text;