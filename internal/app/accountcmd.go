package app

import (
	"context"
	"fmt"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/nearest"
)

// cliActor is whoever runs a command, as records name them.
const cliActor = "system:cli"

// door signs nobody in; it changes what people sign in with, and they are told by the service that runs.
func (t *tenantEnv) door() (*auth.Service, error) {
	messages, err := newMessages(t.db, notify.Options{})
	return auth.New(t.db, auth.Options{Hasher: t.prov.Hasher, Notices: notices{messages}}), err
}

// account does something to the person that a command names: CODE EMAIL.
func (t *tenantEnv) account(ctx context.Context, do func(door *auth.Service, row *tenant.Row, email string) error) error {
	row, region, err := t.find(ctx, t.args[0])
	if err != nil {
		return err
	}
	door, err := t.door()
	if err != nil {
		return err
	}
	email := seal.Email(t.args[1])
	return t.person(row, region, email, do(door, row, email))
}

// person says whom the region has instead of somebody whom it has not.
func (t *tenantEnv) person(row *tenant.Row, region *tenants.Region, email string, err error) error {
	if !fault.Is(err, "not_found") {
		return err
	}
	var known []string
	for _, p := range region.Staff {
		known = append(known, seal.Email(p.Email))
	}
	hint := ""
	if best, ok := nearest.Of(email, known); ok {
		hint = " (" + best + "?)"
	}
	t.say("%s tidak ada di %s%s.", "There is no %s in %s%s.", email, row.Name, hint)
	return errSaid
}

// tenantInvite sends a person a link with which they choose a password.
func tenantInvite(ctx context.Context, t *tenantEnv) error {
	return t.account(ctx, func(door *auth.Service, row *tenant.Row, email string) error {
		return t.invited(ctx, door, row.ID, email)
	})
}

func (t *tenantEnv) invited(ctx context.Context, door *auth.Service, in tenant.ID, email string) error {
	if err := door.InviteOf(ctx, in, email, cliActor); err != nil {
		return err
	}
	t.say("Undangan untuk %s dikirim oleh server yang sedang berjalan; tautannya berlaku tujuh hari.", "The running server sends %s an invitation; its link is valid for seven days.", email)
	return nil
}

// tenantPassword gives a person a new password and ends their sessions.
func tenantPassword(ctx context.Context, t *tenantEnv) error {
	return t.account(ctx, func(door *auth.Service, row *tenant.Row, email string) error {
		clear := newPassword()
		if err := door.SetPassword(ctx, row.ID, email, clear, cliActor); err != nil {
			return err
		}
		t.say("Kata sandi baru untuk %s, hanya ditampilkan kali ini: %s", "New password for %s, shown this once: %s", email, clear)
		suspended, err := door.SuspendedOf(ctx, row.ID, email)
		if err == nil && suspended {
			t.say("Akun ini dibekukan dan belum dapat masuk. Pulihkan dengan: pendopo tenant account %[1]s %[2]s resume",
				"This account is suspended and cannot sign in yet. Resume it with: pendopo tenant account %[1]s %[2]s resume", row.Code, email)
		}
		return err
	})
}

// tenantAccount resumes an account that is suspended, the way back for the administrator whom no other can help; or
// loosens somebody from their account at their agency's provider.
func tenantAccount(ctx context.Context, t *tenantEnv) error {
	switch t.args[2] {
	case "resume":
	case "loosen":
		return t.account(ctx, func(door *auth.Service, row *tenant.Row, email string) error {
			changed, err := door.LoosenOf(ctx, row.ID, email, cliActor)
			switch {
			case err != nil:
				return err
			case !changed:
				t.say("Tidak ada yang berubah: %s tidak terhubung dengan akun instansi.", "Nothing changed: %s is bound to no agency account.", email)
			default:
				t.say("Akun instansi %s sudah dilepas. Saat masuk berikutnya lewat penyedia instansinya, akunnya yang baru dihubungkan.",
					"The agency account of %s is loosened. The next sign-in by the agency's provider binds the new one.", email)
			}
			return nil
		})
	default:
		return fmt.Errorf("pendopo tenant account %s %s %q: hanya resume atau loosen · only resume or loosen", t.args[0], t.args[1], t.args[2])
	}
	return t.account(ctx, func(door *auth.Service, row *tenant.Row, email string) error {
		changed, err := door.ResumeOf(ctx, row.ID, email, cliActor)
		switch {
		case err != nil:
			return err
		case !changed:
			t.say("Tidak ada yang berubah: akun %s tidak dibekukan.", "Nothing changed: the account of %s is not suspended.", email)
		default:
			t.say("Akun %s sudah dipulihkan.", "The account of %s is resumed.", email)
		}
		return nil
	})
}

// tenantFactors takes a person's app, passkeys and recovery codes away, and ends their sessions: the way back for an
// administrator who has lost them all.
func tenantFactors(ctx context.Context, t *tenantEnv) error {
	return t.account(ctx, func(door *auth.Service, row *tenant.Row, email string) error {
		if err := door.ResetFactorsOf(ctx, row.ID, email, cliActor); err != nil {
			return err
		}
		t.say("Langkah kedua %s sudah dihapus. Saat masuk berikutnya, langkah kedua diatur lagi bila perannya memerlukan.",
			"The second factors of %s are gone. At the next sign-in they are set up again, if the role needs one.", email)
		return nil
	})
}
