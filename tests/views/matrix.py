"""What each address answers to each role: the table that the permission matrix is held against."""

from dataclasses import dataclass

ROLES = ("nobody", "outsider", "viewer", "reviewer", "lead", "tuner", "admin", "superuser")
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# One letter a role, in that order (nobody, outsider, viewer, reviewer, lead, tuner, admin, superuser of no project):
#  L led to the door   N does not exist   F refused with words   O let through
TABLE = """
home                    GET,HEAD       LOOOOOOO
account                 GET,HEAD       LOOOOOOO
account-app             GET,HEAD,POST  LOOOOOOO
account-codes           POST           LOOOOOOO
account-confirm         GET,HEAD,POST  LOOOOOOO
passkey-add             POST           LOOOOOOO
passkey-begin-adding    POST           LOOOOOOO
passkey-rename          POST           LNNNNNNN
password                GET,HEAD,POST  LOOOOOOO
sessions-end            POST           LOOOOOOO
step-remove             POST           LOOOOOOO
csp-report              POST           OOOOOOOO
desk                    GET            LOFOOFOF
desk-ahead              POST           LOFOOFOF
desk-release            POST           LOFOOFOF
desk-take               POST           LOFOOFOF
desk-tasks              GET,HEAD,POST  LOFOOFOF
desk-review             GET            LNFOOFOF
desk-decide             POST           LNFOOFOF
desk-own                POST           LNFOOFOF
desk-flag               POST           LNFOOFOF
desk-hand               POST           LNFOOFOF
desk-skip               POST           LNFOOFOF
desk-stay               POST           LNFOOFOF
desk-undo               POST           LNFOOFOF
fleet                   GET,HEAD       LOFFFFOO
fleet-host              GET,HEAD       LNNNNNNN
fleet-host-stand        POST           LNNNNNNN
fleet-task              GET,HEAD       LNFFFFOO
fleet-requeue           GET,HEAD,POST  LNFFFFNN
fleet-task-stand        POST           LNFFFFOO
healthz                 GET,HEAD       OOOOOOOO
history-show            GET            LNFFFOON
history-confirm         POST           LNFFFOON
history-drop            POST           LNFFFOON
history-progress        GET            LNFFFOON
history-read            POST           LNFFFOON
history-refused         GET            LNFFFOON
import-show             GET            LNFFFOON
import-progress         GET            LNFFFOON
import-refused          GET            LNFFFOON
invitation              GET,HEAD,POST  OOOOOOOO
item                    GET            LNFOOOON
correct                 POST           LNFOOFON
uncorrect               POST           LNFNNFNN
known-mark              POST           LNFFFFON
known-retire            POST           LNFFFFNN
look-assign             POST           LNFFOFON
withdraw                POST           LNFFFOON
key-revoke              POST           LNFFFFON
login                   GET,HEAD,POST  OOOOOOOO
account_login           GET,HEAD,POST  OOOOOOOO
passkey-use             POST           OOOOOOOO
passkey-begin           POST           OOOOOOOO
refused                 GET,HEAD       FFFFFFFF
account_inactive        GET,HEAD       FFFFFFFF
mfa_authenticate        GET,HEAD,POST  OOOOOOOO
openid_connect_login    POST           NNNNNNNN
openid_connect_callback GET,HEAD       NNNNNNNN
saml_login              POST           NNNNNNNN
saml_finish_acs         GET,HEAD       NNNNNNNN
saml_acs                POST           NNNNNNNN
saml_metadata           GET,HEAD       NNNNNNNN
saml_sls                GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS NNNNNNNN
logout                  POST,OPTIONS   LOOOOOOO
metrics                 GET,HEAD       NNNNNNNN
own-api-keys            GET,HEAD,POST  LOOOOOOO
own-api-key-revoke      POST           LNNNNNNN
my-keys                 GET,HEAD,POST  LOOOOOOO
my-keys-reset           POST           LOOOOOOO
my-work                 GET,HEAD       LOFOOFOF
notice-seen             POST           LNNOOOON
notice-news             GET,HEAD       LOOOOOOO
password-forgot         GET,HEAD,POST  OOOOOOOO
password-reset          GET,HEAD,POST  OOOOOOOO
person                  GET,HEAD       LNNNNNOO
person-active           POST           LNNNNNOO
person-drop-steps       POST           LNNNNNFO
person-password-link    POST           LNNNNNOO
practice                GET,HEAD       LOFOOFOF
practice-look           GET            LNFOOFON
practice-next           POST           LNFOOFON
practice-told           GET            LNFNNFNN
practice-summary        GET            LNFOOFON
practice-say            POST           LNFNNFNN
keys                    GET,HEAD,POST  LNFFFFON
invitation-withdraw     POST           LNFFFFON
members                 GET,HEAD,POST  LNFFFFON
member-role             POST           LNFFFFON
people                  GET,HEAD       LNFFOFON
people-save             POST           LNFFOFON
task-new                GET,HEAD,POST  LNFFFOON
readyz                  GET,HEAD       OOOOOOOO
slider                  GET,HEAD       LNOOOOON
apply                   POST           LNFFFOON
lead                    GET,HEAD       LNFFOFON
flag-answer             POST           LNFFOFON
flag-off                POST           LNFFOFON
lead-release            POST           LNFFOFON
export                  GET            LNFFFOON
history                 GET,POST       LNFFFOON
import                  GET,POST       LNFFFOON
import-sample           GET            LNFFFOON
items                   GET            LNFOOOON
item-new                GET,POST       LNFFFOON
notices                 GET,HEAD       LNOOOOON
pause                   POST           LNFFFOON
pull-back               POST           LNFOOOON
quality                 GET,HEAD       LNOOOOON
put-back                POST           LNFFFOON
release                 POST           LNFFFOON
reviewers               GET,HEAD       LNFFFFON
reviewer-let-in         POST           LNFFFFNN
reviewer-settle         POST           LNFFFFNN
task-settings           GET,HEAD,POST  LNFFFOON
together                GET,HEAD       LNFOOFON
together-decide         POST           LNFOOFON
together-undo           POST           LNFOOFON
what-if                 GET,HEAD       LNOOOOON
worker                  GET,HEAD,POST  LNFFFOON
fallback                GET,HEAD,POST  LNFFFOON
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
