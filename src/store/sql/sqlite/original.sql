-- name: users
-- Of the original's own database: its columns hold what was typed into them, so everything is read
-- as text.
SELECT COALESCE(CAST(id AS TEXT), ''), COALESCE(CAST(github_username AS TEXT), ''),
       COALESCE(CAST(github_id AS TEXT), ''), COALESCE(CAST(github_pat AS TEXT), ''),
       COALESCE(CAST(discord_webhook AS TEXT), ''), COALESCE(CAST(telegram_token AS TEXT), ''),
       COALESCE(CAST(telegram_chat_id AS TEXT), ''), COALESCE(CAST(is_active AS TEXT), ''),
       COALESCE(CAST(reminder_utc_hour AS TEXT), '12')
  FROM users ORDER BY rowid;

-- name: has_table
SELECT CASE WHEN EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = :name)
            THEN 1 ELSE 0 END;

-- name: count_notifications
SELECT COUNT(*) FROM notifications;

-- name: count_cron_queue
SELECT COUNT(*) FROM cron_queue;
