"""What each address answers to each role: the table that the permission matrix is held against."""

from dataclasses import dataclass

ROLES = ("nobody", "outsider", "viewer", "reviewer", "lead", "tuner", "operator", "admin", "auditor", "superuser")
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# One letter a role, in that order (the superuser is in no project):
#  L led to the door   N does not exist   F refused with words   O let through
TABLE = """
home                    GET,HEAD       LOOOOOOOOO
account                 GET,HEAD       LOOOOOOOOO
account-app             GET,HEAD,POST  LOOOOOOOOO
account-codes           POST           LOOOOOOOOO
account-confirm         GET,HEAD,POST  LOOOOOOOOO
passkey-add             POST           LOOOOOOOOO
passkey-begin-adding    POST           LOOOOOOOOO
passkey-rename          POST           LNNNNNNNNN
password                GET,HEAD,POST  LOOOOOOOOO
sessions-end            POST           LOOOOOOOOO
step-remove             POST           LOOOOOOOOO
csp-report              POST           OOOOOOOOOO
desk                    GET            LOFOOFFOFF
desk-ahead              POST           LOFOOFFOFF
desk-release            POST           LOFOOFFOFF
desk-take               POST           LOFOOFFOFF
desk-tasks              GET,HEAD,POST  LOFOOFFOFF
desk-review             GET            LNFOOFFOFF
desk-decide             POST           LNFOOFFOFF
desk-own                POST           LNFOOFFOFF
desk-flag               POST           LNFOOFFOFF
desk-hand               POST           LNFOOFFOFF
desk-skip               POST           LNFOOFFOFF
desk-stay               POST           LNFOOFFOFF
desk-undo               POST           LNFOOFFOFF
export-show             GET            LNFFFOFOFN
export-cancel           POST           LNFFFOFOFN
export-file             POST           LNFFFOFOFN
export-progress         GET            LNFFFOFOFN
fleet                   GET,HEAD       LOFFFFOOFO
fleet-host              GET,HEAD       LNNNNNNNNN
fleet-host-stand        POST           LNNNNNNNNN
fleet-task              GET,HEAD       LNFFFFOOFO
fleet-requeue           GET,HEAD,POST  LNFFFFNNFN
fleet-task-stand        POST           LNFFFFOOFO
healthz                 GET,HEAD       OOOOOOOOOO
history-show            GET            LNFFFOFOFN
history-confirm         POST           LNFFFOFOFN
history-drop            POST           LNFFFOFOFN
history-progress        GET            LNFFFOFOFN
history-read            POST           LNFFFOFOFN
history-refused         GET            LNFFFOFOFN
import-show             GET            LNFFFOFOFN
import-drop             POST           LNFFFOFOFN
import-word             POST           LNFFFOFOFN
import-progress         GET            LNFFFOFOFN
import-refused          GET            LNFFFOFOFN
invitation              GET,HEAD,POST  OOOOOOOOOO
item                    GET            LNFOOOFOON
correct                 POST           LNFOOFFOFN
uncorrect               POST           LNFNNFFNFN
erase                   GET,HEAD,POST  LNFFFFFOFN
known-mark              POST           LNFFFFFOFN
known-retire            POST           LNFFFFFNFN
look-assign             POST           LNFFOFFOFN
withdraw                POST           LNFFFOFOFN
key-revoke              POST           LNFFFFFOFN
site-log                GET,HEAD       LFFFFFFFFO
site-log-export         POST           LFFFFFFFFO
site-log-head           GET,HEAD       LFFFFFFFFO
login                   GET,HEAD,POST  OOOOOOOOOO
account_login           GET,HEAD,POST  OOOOOOOOOO
passkey-use             POST           OOOOOOOOOO
passkey-begin           POST           OOOOOOOOOO
refused                 GET,HEAD       FFFFFFFFFF
account_inactive        GET,HEAD       FFFFFFFFFF
mfa_authenticate        GET,HEAD,POST  OOOOOOOOOO
openid_connect_login    POST           NNNNNNNNNN
openid_connect_callback GET,HEAD       NNNNNNNNNN
saml_login              POST           NNNNNNNNNN
saml_finish_acs         GET,HEAD       NNNNNNNNNN
saml_acs                POST           NNNNNNNNNN
saml_metadata           GET,HEAD       NNNNNNNNNN
saml_sls                GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS NNNNNNNNNN
logout                  POST,OPTIONS   LOOOOOOOOO
metrics                 GET,HEAD       NNNNNNNNNN
own-api-keys            GET,HEAD,POST  LOOOOOOOOO
own-api-key-revoke      POST           LNNNNNNNNN
my-keys                 GET,HEAD,POST  LOOOOOOOOO
my-keys-reset           POST           LOOOOOOOOO
my-work                 GET,HEAD       LOFOOFFOFF
notice-seen             POST           LNNOOOOONN
notice-news             GET,HEAD       LOOOOOOOOO
password-forgot         GET,HEAD,POST  OOOOOOOOOO
password-reset          GET,HEAD,POST  OOOOOOOOOO
person                  GET,HEAD       LNNNNNNONO
person-active           POST           LNNNNNNONO
person-drop-steps       POST           LNNNNNNFNO
person-password-link    POST           LNNNNNNONO
practice                GET,HEAD       LOFOOFFOFF
practice-look           GET            LNFOOFFOFN
practice-next           POST           LNFOOFFOFN
practice-told           GET            LNFNNFFNFN
practice-summary        GET            LNFOOFFOFN
practice-say            POST           LNFNNFFNFN
keys                    GET,HEAD,POST  LNFFFFFOFN
invitation-withdraw     POST           LNFFFFFOFN
members                 GET,HEAD,POST  LNFFFFFOFN
member-role             POST           LNFFFFFOFN
log                     GET,HEAD       LNFFFFFOON
log-export              POST           LNFFFFFOON
log-head                GET,HEAD       LNFFFFFOON
people                  GET,HEAD       LNFFOFFOFN
people-save             POST           LNFFOFFOFN
subject                 GET,HEAD,POST  LNFFFFFOFN
task-new                GET,HEAD,POST  LNFFFOFOFN
readyz                  GET,HEAD       OOOOOOOOOO
slider                  GET,HEAD       LNOOOOOOON
apply                   POST           LNFFFOFOFN
lead                    GET,HEAD       LNFFOFFOFN
flag-answer             POST           LNFFOFFOFN
flag-off                POST           LNFFOFFOFN
lead-release            POST           LNFFOFFOFN
export                  GET,POST       LNFFFOFOFN
history                 GET,POST       LNFFFOFOFN
import                  GET,POST       LNFFFOFOFN
import-sample           GET            LNFFFOFOFN
items                   GET            LNFOOOFOON
item-new                GET,POST       LNFFFOFOFN
notices                 GET,HEAD       LNOOOOOOON
pause                   POST           LNFFFOFOFN
privacy                 GET,HEAD,POST  LNFFFFFOFN
pull-back               POST           LNFOOOOOFN
quality                 GET,HEAD       LNOOOOOOON
put-back                POST           LNFFFOFOFN
release                 POST           LNFFFOFOFN
reviewers               GET,HEAD       LNFFFFFOFN
reviewer-let-in         POST           LNFFFFFNFN
reviewer-settle         POST           LNFFFFFNFN
task-settings           GET,HEAD,POST  LNFFFOFOFN
together                GET,HEAD       LNFOOFFOFN
together-decide         POST           LNFOOFFOFN
together-undo           POST           LNFOOFFOFN
what-if                 GET,HEAD       LNOOOOOOON
worker                  GET,HEAD,POST  LNFFFOFOFN
fallback                GET,HEAD,POST  LNFFFOFOFN
webhooks                GET,HEAD       LNFFFFOOFN
webhook-add             POST           LNFFFFFOFN
webhook                 GET,HEAD       LNFFFFOOFN
webhook-change          POST           LNFFFFFOFN
webhook-delivery        GET,HEAD       LNFFFFOOFN
webhook-again           POST           LNFFFFOOFN
webhook-remove          POST           LNFFFFFOFN
webhook-replay          GET,HEAD,POST  LNFFFFOOFN
webhook-secret          POST           LNFFFFFOFN
webhook-switch          POST           LNFFFFFOFN
webhook-test            POST           LNFFFFOOFN
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One address: the verbs that it knows, and what each role gets."""

    verbs: frozenset[str]
    cells: dict[str, str]


def read() -> dict[str, Row]:
    """The table by name of the address."""
    rows: dict[str, Row] = {}
    for line in TABLE.strip().splitlines():
        name, verbs, letters = line.split()
        assert name not in rows, f"{name} stands in the table twice"
        assert len(letters) == len(ROLES), f"{name} has {len(letters)} letters for {len(ROLES)} roles"
        rows[name] = Row(frozenset(verbs.split(",")), dict(zip(ROLES, letters, strict=True)))
    return rows
