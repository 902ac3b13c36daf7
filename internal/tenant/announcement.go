package tenant

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Whom an announcement is for.
const (
	ForStaff    = "staff"
	ForEveryone = "everyone" // citizens too
)

// maxAnnouncement bounds its text, in signs.
const maxAnnouncement = 400

// Announcement is what the operator tells a region, or all, for a while.
type Announcement struct {
	bun.BaseModel `bun:"table:announcements,alias:announcement"`
	store.Shared
	ID        id.ID     `bun:"id,pk"`
	Code      string    `bun:"region_code,nullzero"` // "": all regions
	Audience  string    `bun:"audience"`
	Text      string    `bun:"body"`
	TextEN    string    `bun:"body_en"`
	From      time.Time `bun:"from_at"`
	Until     time.Time `bun:"until_at"`
	CreatedAt time.Time `bun:"created_at"`
}

// shows tells whether it is shown at a moment.
func (a *Announcement) shows(now time.Time) bool { return !now.Before(a.From) && now.Before(a.Until) }

// Announcements are those that a region shows at a moment, the newest first: to the public, or to staff, who get all.
func (t *Tenant) Announcements(now time.Time, staff bool) (out []Announcement) {
	for _, a := range t.announced {
		if a.shows(now) && (staff || a.Audience == ForEveryone) {
			out = append(out, a)
		}
	}
	return out
}

// announcedTo are a region's, the newest first.
func announcedTo(all []Announcement, code string) (out []Announcement) {
	for _, a := range all {
		if a.Code == "" || a.Code == code {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Announcement) int { return strings.Compare(b.ID.String(), a.ID.String()) })
	return out
}

// Announce tells a region or all of them something. Every process shows it within its next look at the list. Faults: "invalid"
// with its fields; "not_found" for a region that is none.
func (p *Provisioner) Announce(ctx context.Context, a Announcement, actor string) (Announcement, error) {
	a.Text, a.TextEN = strings.TrimSpace(a.Text), strings.TrimSpace(a.TextEN)
	wrong := fault.New(fault.Invalid, "invalid")
	for _, f := range [][2]string{{"text", a.Text}, {"text_en", a.TextEN}} {
		switch n := utf8.RuneCountInString(f[1]); {
		case n == 0:
			wrong = wrong.Field(f[0], "required")
		case n > maxAnnouncement:
			wrong = wrong.Field(f[0], "signs", maxAnnouncement)
		}
	}
	if a.Audience != ForStaff && a.Audience != ForEveryone {
		wrong = wrong.Field("audience", "choose")
	}
	if !a.From.Before(a.Until) || !p.DB.Now().Before(a.Until) {
		wrong = wrong.Field("until", "later")
	}
	if len(wrong.Fields) > 0 {
		return a, wrong
	}
	if a.Code != "" {
		if _, err := p.row(ctx, a.Code); err != nil {
			return a, err
		}
	}
	a.ID, a.CreatedAt = id.New(), p.DB.Now()
	return a, p.announcement(ctx, a, actor, "tenant:announcement:make", func(ctx context.Context, s *store.SysTx) error {
		return store.SysInsert(ctx, s, &a)
	})
}

// EndAnnouncement ends one now. The fault is "not_found", also for one that has ended.
func (p *Provisioner) EndAnnouncement(ctx context.Context, which id.ID, actor string) error {
	all, err := p.Announcements(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(a Announcement) bool { return a.ID == which })
	if i < 0 {
		return fault.New(fault.NotFound, "not_found")
	}
	return p.announcement(ctx, all[i], actor, "tenant:announcement:end", func(ctx context.Context, s *store.SysTx) error {
		// One that has not begun would end before it begins.
		n, err := store.SysUpdate[Announcement](ctx, s, "from_at = case when from_at < ? then from_at else created_at end, until_at = ?",
			[]any{s.Now(), s.Now()}, "id = ? and until_at > ?", which, s.Now())
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "not_found")
		}
		return err
	})
}

// announcement changes the list of announcements and records it in the platform's chain.
func (p *Provisioner) announcement(ctx context.Context, a Announcement, actor, action string, change func(context.Context, *store.SysTx) error) error {
	platform, err := OpenPlatform(ctx, p.DB)
	if err != nil {
		return err
	}
	return p.DB.Provision(ctx, "announcement", platform.ID, func(ctx context.Context, s *store.SysTx, tx *store.Tx) error {
		if err := change(ctx, s); err != nil {
			return err
		}
		if _, err := bump(ctx, s); err != nil {
			return err
		}
		target := a.Code
		if target == "" {
			target = PlatformCode
		}
		// Not what it says: the platform's chain outlives a region that is erased.
		tx.Audit(store.Record{Actor: actor, Action: action, Target: "tenant:" + target, Data: struct {
			Audience string `json:"audience"`
		}{a.Audience}})
		return nil
	})
}

// Announcements are those that are shown now or will be, the newest first.
func (p *Provisioner) Announcements(ctx context.Context) (out []Announcement, err error) {
	err = p.DB.SystemView(ctx, func(ctx context.Context, s *store.SysTx) error {
		out, err = store.SysSelect[Announcement](ctx, s, "until_at > ?", s.Now())
		return err
	})
	slices.SortFunc(out, func(a, b Announcement) int { return strings.Compare(b.ID.String(), a.ID.String()) })
	return out, err
}
