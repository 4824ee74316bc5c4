-- A shopper and one session.
\set id random(1, :shoppers)
SELECT shopper.id, nickname, avatar, phone, is_active, session.ended_at
FROM accounts_user AS shopper
LEFT JOIN accounts_session AS session ON session.user_id = shopper.id
WHERE shopper.id = :id LIMIT 1;
