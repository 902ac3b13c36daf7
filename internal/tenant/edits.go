package tenant

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/tenants"
)

const (
	// maxApplied is how many applies Edits looks back over.
	maxApplied = 200
	// maxLooked is how many records it goes through for them: the chain has no index by action.
	maxLooked = 200_000
)

// Edit is what somebody changed on the pages since a folder said it last.
type Edit struct {
	Name  string // who did it last; "" for who is not among the region's people any more
	At    time.Time
	Back  bool // the folder gives back what there was before a change on the pages
	actor string
}

// Edits tells of each change, by its place in the list, whether it would undo what somebody set on the pages: the last
// apply that named the same field was a person's, and since then no folder did. Changes of people are not among them,
// and neither are those that the catalogue makes. It looks back over the last 200 applies within the last 200,000
// records; what is older names nobody.
func (p *Provisioner) Edits(ctx context.Context, t ID, changes []tenants.Change) (map[int]Edit, error) {
	out := map[int]Edit{}
	err := p.DB.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		clear(out)
		past, err := applies(ctx, tx)
		if err != nil {
			return err
		}
		for i, c := range changes {
			if e, ok := editOf(past, c); ok {
				out[i] = e
			}
		}
		return named(ctx, tx, out)
	})
	return out, err
}

// applied is an apply as its record tells it.
type applied struct {
	At     time.Time `bun:"at"`
	Actor  string    `bun:"actor"`
	Record string    `bun:"record"`

	Before, After map[string]string `bun:"-"`
}

// applies are the last applies, newest first.
func applies(ctx context.Context, tx *store.Tx) ([]applied, error) {
	type end struct {
		Seq int64 `bun:"seq"`
	}
	ends, err := store.Query[end](ctx, tx, store.From{"audit"}, "select seq from audit order by seq desc limit 1")
	if err != nil || len(ends) == 0 {
		return nil, err
	}
	rows, err := store.Query[applied](ctx, tx, store.From{"audit"},
		"select at, actor, record from audit where seq > ? and action = ? order by seq desc limit ?", ends[0].Seq-maxLooked, manifestApplied, maxApplied)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		var said struct{ Before, After map[string]string }
		if bad := json.Unmarshal([]byte(rows[i].Record), &said); bad != nil {
			rows = rows[:i] // somebody has spoilt it: what is older may have been changed by it
			break
		}
		rows[i].Before, rows[i].After = said.Before, said.After
	}
	return rows, nil
}

// editOf finds who changed what a line would change again.
func editOf(past []applied, c tenants.Change) (e Edit, found bool) {
	if c.Path == "staff" || strings.HasPrefix(c.Path, "staff/") || c.Field == "recheck" || strings.HasPrefix(c.Field, "catalogue.") {
		return Edit{}, false
	}
	key := changeKey(c)
	for _, a := range past {
		was, had := a.Before[key]
		_, has := a.After[key]
		if !had && !has {
			if a.cut() || a.whole(c.Path) {
				break // it may have set the field too
			}
			continue
		}
		if !strings.HasPrefix(a.Actor, "user:") {
			break
		}
		if !found {
			e, found = Edit{At: a.At, actor: a.Actor}, true
		}
		// Several people may have changed it one after another, and the folder may be of before any of them.
		if c.Kind == tenants.Remove {
			e.Back = e.Back || !had
		} else {
			e.Back = e.Back || had && was == c.New
		}
	}
	return e, found
}

// cut tells a record that does not name everything that it changed.
func (a applied) cut() bool {
	_, more := a.After[moreChanges]
	return more
}

// whole tells whether the apply added or removed a thing, or one that it stands in, as a whole.
func (a applied) whole(path string) bool {
	for {
		_, had := a.Before[path]
		_, has := a.After[path]
		if had != has {
			return true
		}
		i := strings.LastIndexByte(path, '/')
		if i < 0 {
			return false
		}
		path = path[:i]
	}
}

// named puts the names of those who are still there into edits.
func named(ctx context.Context, tx *store.Tx, edits map[int]Edit) error {
	var who []id.ID
	for _, e := range edits {
		if u, err := id.Parse(strings.TrimPrefix(e.actor, "user:")); err == nil {
			who = append(who, u)
		}
	}
	if len(who) == 0 {
		return nil
	}
	users, err := store.Select[User](tx).Where("id in ?", bun.Tuple(who)).Where("not retired").All(ctx)
	if err != nil {
		return err
	}
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, u := range users {
		name, _, err := u.Open(ctx, keys)
		if err != nil {
			return err
		}
		names["user:"+u.ID.String()] = name
	}
	for i, e := range edits {
		e.Name = names[e.actor]
		edits[i] = e
	}
	return nil
}
