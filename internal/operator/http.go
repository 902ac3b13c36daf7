package operator

import (
	_ "embed"
	"net/http"
	"slices"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

//go:embed text.yaml
var text []byte

var _ = i18n.Register("internal/operator/text.yaml", text)

// Where the pages live, on the bare domain. The list of regions is the overseers' page of the platform.
const (
	pathPlatform      = "/petugas/platform"
	pathRegion        = pathPlatform + "/:code"
	pathAnnouncements = web.PathNotes
	pathHelp          = "/petugas/bantuan" // on a region's host
	pathEnter         = pathHelp + "/masuk"
)

// Routes registers the pages and the calls of the bare domain.
func (s *Service) Routes(r *web.Router) {
	r.Get(pathRegion, permView, s.showRegion, web.Sudo)
	r.Post(pathRegion+"/henti", permManage, s.pause, web.Sudo)
	r.Post(pathRegion+"/lanjut", permManage, s.resume, web.Sudo)
	r.Post(pathRegion+"/fitur/:feature", permManage, s.switchFeature, web.Sudo)
	r.Post(pathRegion+"/bantuan", permHelp, s.openHelp, web.Sudo)
	r.Get(pathAnnouncements, permAnnounce, s.showAnnouncements, web.Sudo, web.Desk("operator.desk_announcements"))
	r.Post(pathAnnouncements, permAnnounce, s.announce, web.Sudo)
	r.Post(pathAnnouncements+"/:id/akhiri", permAnnounce, s.endAnnouncement, web.Sudo)

	r.Get(apiRegion, permView, s.getRegion)
	r.Put(apiRegion+"/state", permManage, s.putState, web.Sudo)
	r.Put(apiRegion+"/features/:feature", permManage, s.putFeature, web.Sudo)
	r.Get(apiAnnouncements, permAnnounce, s.listAnnouncements)
	r.Post(apiAnnouncements, permAnnounce, s.postAnnouncement, web.Sudo)
	r.Delete(apiAnnouncements+"/:id", permAnnounce, s.deleteAnnouncement, web.Sudo)
}

// RegionRoutes registers what regions' hosts have of it.
func (s *Service) RegionRoutes(r *web.Router) {
	r.Post(web.PathNotes+"/:id/tutup", authz.SignedIn, s.putAway)
	r.Get(pathHelp, permAllow, s.showHelp, web.Sudo, web.Desk("operator.desk_help"))
	r.Post(pathHelp, permAllow, s.allow, web.Sudo)
	r.Post(pathHelp+"/tarik", permAllow, s.withdraw, web.Sudo)
	slowed := web.Limited("sign-in", 5, 60)
	r.Get(pathEnter, authz.Public, s.showEnter, slowed, web.Door)
	r.Post(pathEnter, authz.Public, s.enter, slowed, web.Door)
}

func who(c *web.Ctx) Who { return Who{c.Tenant, c.Actor} }

// knownDone are the words that ?kabar= may bring: the address is anybody's to write.
var knownDone = []string{"henti", "lanjut", "fitur", "umum", "akhiri", "izin", "tarik"}

func done(c *web.Ctx) string {
	if word := c.Query("kabar"); slices.Contains(knownDone, word) {
		return word
	}
	return ""
}

func (s *Service) showRegion(c *web.Ctx) error { return s.region200(c, http.StatusOK, nil) }

// region200 shows a region's page, with what was wrong in its form.
func (s *Service) region200(c *web.Ctx, status int, wrong *fault.Error) error {
	standing, err := s.Region(c.Std(), who(c), c.Param("code"))
	if err != nil {
		return err
	}
	v := newRegionPage(c, standing, wrong)
	v.Done = done(c)
	return c.Page(status, regionPage(page(c, standing.Tenant.Name), v))
}

func page(c *web.Ctx, title string) ui.Page {
	p := c.UI(title)
	p.NoIndex = true
	return p
}

func regionPath(code string) string { return pathPlatform + "/" + code }

func (s *Service) pause(c *web.Ctx) error {
	err := s.SetState(c.Std(), who(c), c.Param("code"), tenant.Suspended, c.Form("reason"))
	if fault.KindOf(err) == fault.Invalid {
		return s.region200(c, http.StatusUnprocessableEntity, fault.Of(err))
	}
	if err != nil {
		return err
	}
	return c.SeeOther(regionPath(c.Param("code")) + "?kabar=henti")
}

func (s *Service) resume(c *web.Ctx) error {
	if err := s.SetState(c.Std(), who(c), c.Param("code"), tenant.Active, ""); err != nil {
		return err
	}
	return c.SeeOther(regionPath(c.Param("code")) + "?kabar=lanjut")
}

func (s *Service) switchFeature(c *web.Ctx) error {
	if err := s.SetFeature(c.Std(), who(c), c.Param("code"), tenant.Feature(c.Param("feature")), c.Form("on") == "1"); err != nil {
		return err
	}
	return c.SeeOther(regionPath(c.Param("code")) + "?kabar=fitur")
}

func (s *Service) showAnnouncements(c *web.Ctx) error {
	now := c.Now().In(c.Tenant.Loc)
	return s.announcements(c, http.StatusOK, announcementForm{Audience: tenant.ForStaff, From: local(now), Until: local(now.Add(24 * time.Hour))}, nil)
}

func (s *Service) announcements(c *web.Ctx, status int, f announcementForm, wrong *fault.Error) error {
	list, err := s.Announcements(c.Std(), who(c))
	if err != nil {
		return err
	}
	v := newAnnouncementsPage(c, s.reg.All(), list, f, wrong)
	v.Done = done(c)
	return c.Page(status, announcementsPage(page(c, c.P.T("operator.announcements")), v))
}

// announcementForm is the form as it was typed. Moments are the platform's own zone's: "2026-11-27T08:00".
type announcementForm struct {
	Region, Audience, Text, TextEN, From, Until string
}

const localForm = "2006-01-02T15:04"

func local(t time.Time) string { return t.Format(localForm) }

func (s *Service) announce(c *web.Ctx) error {
	f := announcementForm{Region: c.Form("region"), Audience: c.Form("audience"), Text: c.Form("text"), TextEN: c.Form("text_en"), From: c.Form("from"), Until: c.Form("until")}
	a := tenant.Announcement{Code: f.Region, Audience: f.Audience, Text: f.Text, TextEN: f.TextEN}
	from, ferr := time.ParseInLocation(localForm, f.From, c.Tenant.Loc)
	until, uerr := time.ParseInLocation(localForm, f.Until, c.Tenant.Loc)
	a.From, a.Until = from.UTC(), until.UTC()
	if ferr != nil || uerr != nil {
		wrong := fault.New(fault.Invalid, "invalid")
		if ferr != nil {
			wrong = wrong.Field("from", "moment")
		}
		if uerr != nil {
			wrong = wrong.Field("until", "moment")
		}
		return s.announcements(c, http.StatusUnprocessableEntity, f, wrong)
	}
	_, err := s.Announce(c.Std(), who(c), a)
	if fault.KindOf(err) == fault.Invalid {
		return s.announcements(c, http.StatusUnprocessableEntity, f, fault.Of(err))
	}
	if err != nil {
		return err
	}
	return c.SeeOther(pathAnnouncements + "?kabar=umum")
}

func (s *Service) endAnnouncement(c *web.Ctx) error {
	which, err := c.ID("id")
	if err == nil {
		err = s.EndAnnouncement(c.Std(), who(c), which)
	}
	if err != nil {
		return err
	}
	return c.SeeOther(pathAnnouncements + "?kabar=akhiri")
}

// putAway hides an announcement from the staff pages of one browser. One that is not shown here is not found.
func (s *Service) putAway(c *web.Ctx) error {
	which, err := c.ID("id")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(c.Tenant.Announcements(c.Now(), true), func(a tenant.Announcement) bool { return a.ID == which }) {
		return fault.New(fault.NotFound, "not_found")
	}
	c.PutAway(which)
	return c.SeeOther(web.SafePath(c.Form("next"), ui.PathCounters))
}
