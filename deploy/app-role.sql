-- The role that the web and the fleet run under: it reads and writes rows, and changes no table, trigger or right.
-- Run it as the owner of the tables, after the first `upgrade` and after each later one (it may be run any number of times):
--
--     psql --set=role=slider_app --set=ON_ERROR_STOP=1 --file=deploy/app-role.sql "$DATABASE_URL_OF_THE_OWNER"
--
-- Give the role its password and its database by hand, once:
--
--     CREATE ROLE slider_app LOGIN PASSWORD '...' NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
--
-- Then DATABASE_URL of web and fleet names this role, and only `manage.py upgrade` runs as the owner: docs/security.md.

\if :{?role}
\else
    \echo 'Name the role: psql --set=role=slider_app ...'
    \quit 3
\endif

BEGIN;

-- What everybody may do in an older PostgreSQL: make tables beside ours, and temporary ones.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
SELECT format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), :'role') \gexec

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"role";
REVOKE ALL ON SCHEMA public FROM :"role";
GRANT USAGE ON SCHEMA public TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"role";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO :"role";

-- The log is added to, never edited: the triggers say so, and the rights do where somebody has taken a trigger away.
REVOKE UPDATE, DELETE, TRUNCATE ON slider_entry, slider_link, slider_act, slider_notice FROM :"role";
-- What the schema is, is for migrations to say.
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM :"role";

COMMIT;
