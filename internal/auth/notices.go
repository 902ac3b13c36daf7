package auth

import (
	"context"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Notices tell a person what happened to their account. It is called within the transaction in which it happens,
// so that nothing is told that was not kept. kind is one of the Notice constants; data has no secret.
type Notices interface {
	Notice(ctx context.Context, tx *store.Tx, user id.ID, kind string, data map[string]string) error
}

// The kinds of notices. data has "by" (the actor, as records name them) where somebody else did it, "name" (of a
// passkey), "left" (recovery codes), "reason", "role" and "agency" (codes). What is personal in it stays out of what is stored for sending.
const (
	NoticeTOTPAdded      = "auth.totp.added"
	NoticeTOTPRemoved    = "auth.totp.removed"
	NoticePasskeyAdded   = "auth.passkey.added"
	NoticePasskeyRemoved = "auth.passkey.removed"
	NoticePasskeyCloned  = "auth.passkey.cloned" // two devices seem to hold the same key; it was refused
	NoticeCodesRenewed   = "auth.codes.renewed"
	NoticeCodeUsed       = "auth.code.used" // a recovery code, at sign-in
	NoticePassword       = "auth.password.changed"
	NoticeFactorsReset   = "auth.factors.reset" // by an administrator
	NoticeSessionsEnded  = "auth.sessions.ended"
	NoticeSuspended      = "auth.suspended"
	NoticeResumed        = "auth.resumed"
	NoticeGuessed        = "auth.guessed" // others try to sign in; at most once a day
	NoticeRoleGiven      = "auth.role.given"
	NoticeRoleTaken      = "auth.role.taken"
	NoticeCounters       = "auth.counters.changed"
	NoticeRemoved        = "auth.removed" // the account is closed

	NoticeIdentityAdded   = "auth.identity.added" // bound to an account at the agency's provider
	NoticeIdentityRemoved = "auth.identity.removed"
)

// AllNotices are the kinds of notices.
var AllNotices = []string{
	NoticeTOTPAdded, NoticeTOTPRemoved, NoticePasskeyAdded, NoticePasskeyRemoved, NoticePasskeyCloned, NoticeCodesRenewed,
	NoticeCodeUsed, NoticePassword, NoticeFactorsReset, NoticeSessionsEnded, NoticeSuspended, NoticeResumed,
	NoticeGuessed, NoticeRoleGiven, NoticeRoleTaken, NoticeCounters, NoticeRemoved,
	NoticeIdentityAdded, NoticeIdentityRemoved,
}

// nobodyTold is what there is until somebody sends messages.
type nobodyTold struct{}

func (nobodyTold) Notice(context.Context, *store.Tx, id.ID, string, map[string]string) error {
	return nil
}
