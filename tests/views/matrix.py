"""What each address answers to each role: the table that the permission matrix is held against."""

from dataclasses import dataclass

ROLES = ("nobody", "outsider", "viewer", "reviewer", "lead", "tuner", "admin", "auditor", "superuser")
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# One letter a role, in that order (the superuser is in no project):
#  L led to the door   N does not exist   F refused with words   O let through
TABLE = """
home                    GET,HEAD       LOOOOOOOO
account                 GET,HEAD       LOOOOOOOO
account-app             GET,HEAD,POST  LOOOOOOOO
account-codes           POST           LOOOOOOOO
account-confirm         GET,HEAD,POST  LOOOOOOOO
passkey-add             POST           LOOOOOOOO
passkey-begin-adding    POST           LOOOOOOOO
passkey-rename          POST           LNNNNNNNN
password                GET,HEAD,POST  LOOOOOOOO
sessions-end            POST           LOOOOOOOO
step-remove             POST           LOOOOOOOO
csp-report              POST           OOOOOOOOO
desk                    GET            LOFOOFOFF
desk-ahead              POST           LOFOOFOFF
desk-release            POST           LOFOOFOFF
desk-take               POST           LOFOOFOFF
desk-tasks              GET,HEAD,POST  LOFOOFOFF
desk-review             GET            LNFOOFOFF
desk-decide             POST           LNFOOFOFF
desk-own                POST           LNFOOFOFF
desk-flag               POST           LNFOOFOFF
desk-hand               POST           LNFOOFOFF
desk-skip               POST           LNFOOFOFF
desk-stay               POST           LNFOOFOFF
desk-undo               POST           LNFOOFOFF
fleet                   GET,HEAD       LOFFFFOFO
fleet-host              GET,HEAD       LNNNNNNNN
fleet-host-stand        POST           LNNNNNNNN
fleet-task              GET,HEAD       LNFFFFOFO
fleet-requeue           GET,HEAD,POST  LNFFFFNFN
fleet-task-stand        POST           LNFFFFOFO
healthz                 GET,HEAD       OOOOOOOOO
history-show            GET            LNFFFOOFN
history-confirm         POST           LNFFFOOFN
history-drop            POST           LNFFFOOFN
history-progress        GET            LNFFFOOFN
history-read            POST           LNFFFOOFN
history-refused         GET            LNFFFOOFN
import-show             GET            LNFFFOOFN
import-progress         GET            LNFFFOOFN
import-refused          GET            LNFFFOOFN
invitation              GET,HEAD,POST  OOOOOOOOO
item                    GET            LNFOOOOFN
correct                 POST           LNFOOFOFN
uncorrect               POST           LNFNNFNFN
known-mark              POST           LNFFFFOFN
known-retire            POST           LNFFFFNFN
look-assign             POST           LNFFOFOFN
withdraw                POST           LNFFFOOFN
key-revoke              POST           LNFFFFOFN
site-log                GET,HEAD       LFFFFFFFO
site-log-export         POST           LFFFFFFFO
site-log-head           GET,HEAD       LFFFFFFFO
login                   GET,HEAD,POST  OOOOOOOOO
account_login           GET,HEAD,POST  OOOOOOOOO
passkey-use             POST           OOOOOOOOO
passkey-begin           POST           OOOOOOOOO
refused                 GET,HEAD       FFFFFFFFF
account_inactive        GET,HEAD       FFFFFFFFF
mfa_authenticate        GET,HEAD,POST  OOOOOOOOO
openid_connect_login    POST           NNNNNNNNN
openid_connect_callback GET,HEAD       NNNNNNNNN
saml_login              POST           NNNNNNNNN
saml_finish_acs         GET,HEAD       NNNNNNNNN
saml_acs                POST           NNNNNNNNN
saml_metadata           GET,HEAD       NNNNNNNNN
saml_sls                GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS NNNNNNNNN
logout                  POST,OPTIONS   LOOOOOOOO
metrics                 GET,HEAD       NNNNNNNNN
own-api-keys            GET,HEAD,POST  LOOOOOOOO
own-api-key-revoke      POST           LNNNNNNNN
my-keys                 GET,HEAD,POST  LOOOOOOOO
my-keys-reset           POST           LOOOOOOOO
my-work                 GET,HEAD       LOFOOFOFF
notice-seen             POST           LNNOOOONN
notice-news             GET,HEAD       LOOOOOOOO
password-forgot         GET,HEAD,POST  OOOOOOOOO
password-reset          GET,HEAD,POST  OOOOOOOOO
person                  GET,HEAD       LNNNNNONO
person-active           POST           LNNNNNONO
person-drop-steps       POST           LNNNNNFNO
person-password-link    POST           LNNNNNONO
practice                GET,HEAD       LOFOOFOFF
practice-look           GET            LNFOOFOFN
practice-next           POST           LNFOOFOFN
practice-told           GET            LNFNNFNFN
practice-summary        GET            LNFOOFOFN
practice-say            POST           LNFNNFNFN
keys                    GET,HEAD,POST  LNFFFFOFN
invitation-withdraw     POST           LNFFFFOFN
members                 GET,HEAD,POST  LNFFFFOFN
member-role             POST           LNFFFFOFN
log                     GET,HEAD       LNFFFFOON
log-export              POST           LNFFFFOON
log-head                GET,HEAD       LNFFFFOON
people                  GET,HEAD       LNFFOFOFN
people-save             POST           LNFFOFOFN
task-new                GET,HEAD,POST  LNFFFOOFN
readyz                  GET,HEAD       OOOOOOOOO
slider                  GET,HEAD       LNOOOOOON
apply                   POST           LNFFFOOFN
lead                    GET,HEAD       LNFFOFOFN
flag-answer             POST           LNFFOFOFN
flag-off                POST           LNFFOFOFN
lead-release            POST           LNFFOFOFN
export                  POST           LNFFFOOFN
history                 GET,POST       LNFFFOOFN
import                  GET,POST       LNFFFOOFN
import-sample           GET            LNFFFOOFN
items                   GET            LNFOOOOFN
item-new                GET,POST       LNFFFOOFN
notices                 GET,HEAD       LNOOOOOON
pause                   POST           LNFFFOOFN
pull-back               POST           LNFOOOOFN
quality                 GET,HEAD       LNOOOOOON
put-back                POST           LNFFFOOFN
release                 POST           LNFFFOOFN
reviewers               GET,HEAD       LNFFFFOFN
reviewer-let-in         POST           LNFFFFNFN
reviewer-settle         POST           LNFFFFNFN
task-settings           GET,HEAD,POST  LNFFFOOFN
together                GET,HEAD       LNFOOFOFN
together-decide         POST           LNFOOFOFN
together-undo           POST           LNFOOFOFN
what-if                 GET,HEAD       LNOOOOOON
worker                  GET,HEAD,POST  LNFFFOOFN
fallback                GET,HEAD,POST  LNFFFOOFN
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
