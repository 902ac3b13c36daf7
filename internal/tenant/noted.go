package tenant

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/tenants"
)

// What people were given or lost on the page differs from the manifest that was applied last, so an export of what holds
// differs from it too. Applied, it changes nobody's rights, and yet it does something: from then on the folder gives
// them, and what is taken out of it later is taken away. Such lines are told apart from changes.

// note marks the changes of people that hold already.
func (p *Provisioner) note(ctx context.Context, t ID, old, new *tenants.Region, changes []tenants.Change) error {
	if old == nil || !slices.ContainsFunc(changes, func(c tenants.Change) bool { return strings.HasPrefix(c.Path, "staff/") }) {
		return nil
	}
	already := map[string]bool{} // by e-mail, in lower case as paths have it
	err := p.DB.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		have, err := staffOf(ctx, tx)
		if err != nil || have.keys.Erased() {
			return err
		}
		places, err := counterKeys(ctx, tx)
		if err != nil {
			return err
		}
		for _, person := range new.Staff {
			u, err := have.find(person.Email)
			if err != nil {
				return err
			}
			if u == nil || u.Retired {
				continue
			}
			held := have.person(u, places, new, person)
			if held.Name, _, err = u.Open(ctx, have.keys); err != nil {
				return err
			}
			if already[strings.ToLower(person.Email)], err = alike(held, person); err != nil {
				return err
			}
		}
		for _, person := range old.Staff {
			if _, stays := find(new.Staff, person.Email); stays {
				continue
			}
			u, err := have.find(person.Email)
			if err != nil {
				return err
			}
			already[strings.ToLower(person.Email)] = u == nil || u.Retired
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range changes {
		c := &changes[i]
		rest, ok := strings.CutPrefix(c.Path, "staff/")
		email, _, _ := strings.Cut(rest, "/")
		if !ok || !already[email] {
			continue
		}
		c.Noted = true
		c.Text = "=" + c.Text[1:] + " (sudah berlaku lewat halaman; folder ini mencatatnya)"
		c.TextEN = "=" + c.TextEN[1:] + " (holds already, by the page; the folder notes it)"
	}
	return nil
}

// alike tells whether two entries of a manifest say the same of a person. Their e-mail is how they were matched.
func alike(a, b tenants.Person) (bool, error) {
	a.Email, b.Email = "", ""
	x, err := json.Marshal(a)
	if err != nil {
		return false, fmt.Errorf("tenant: person: %w", err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		return false, fmt.Errorf("tenant: person: %w", err)
	}
	return string(x) == string(y), nil
}
