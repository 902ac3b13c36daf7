package web

import (
	"slices"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// PathNotes is where staff put an announcement away: PathNotes/ID/tutup.
const PathNotes = "/petugas/pengumuman"

// notesCookie holds the announcements that somebody has put away in this browser.
const notesCookie = "notes"

// maxPutAway bounds the cookie; who puts away more sees the oldest again.
const maxPutAway = 20

// notes are what the operator tells here now: citizens in their pages, staff in theirs.
func (c *Ctx) notes() (out []ui.Announcement) {
	if c.Tenant == nil || c.Tenant.IsPlatform() {
		return nil
	}
	away := c.putAway()
	if c.shared {
		away = nil // one visitor's cookie is not for the next; the public puts nothing away
	}
	if c.Actor != nil && c.app.cfg.Helped != nil {
		if until, inside := c.app.cfg.Helped(c.std, c.Tenant); !until.IsZero() {
			key := "web.help_allowed"
			if inside {
				key = "web.help_inside"
			}
			out = append(out, ui.Announcement{Text: c.P.T(key, c.P.DateTime(until)), StaffOnly: true})
		}
	}
	for _, a := range c.Tenant.Announcements(c.Now(), c.Actor != nil) {
		n := ui.Announcement{Text: a.Text, StaffOnly: a.Audience == tenant.ForStaff}
		if c.Locale == i18n.EN {
			n.Text = a.TextEN
		}
		if c.Actor != nil {
			n.Close = PathNotes + "/" + a.ID.String() + "/tutup"
			n.Away = slices.Contains(away, a.ID.String())
		}
		out = append(out, n)
	}
	return out
}

// noteKey names the announcements that a page shows.
func noteKey(list []tenant.Announcement) string {
	if len(list) == 0 {
		return ""
	}
	ids := make([]string, len(list))
	for i, a := range list {
		ids[i] = a.ID.String()
	}
	return strings.Join(ids, " ")
}

func (c *Ctx) putAway() (ids []string) {
	for one := range strings.SplitSeq(c.OwnCookie(notesCookie), ".") {
		if _, err := id.Parse(one); err == nil && len(ids) < maxPutAway {
			ids = append(ids, one)
		}
	}
	return ids
}

// PutAway hides an announcement from this browser's staff pages until it is over.
func (c *Ctx) PutAway(which id.ID) {
	ids := append([]string{which.String()}, slices.DeleteFunc(c.putAway(), func(s string) bool { return s == which.String() })...)
	c.SetOwnCookie(notesCookie, strings.Join(ids[:min(len(ids), maxPutAway)], "."), c.Now().Add(90*24*time.Hour))
}
