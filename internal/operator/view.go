package operator

import (
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// regionView is one region's page.
type regionView struct {
	Code, Name, URL string
	At              string
	Paused          bool
	Reason          string
	Demo            bool
	Health          []ui.Pair
	Load            []ui.Pair
	Faults          []faultView
	Features        []featureView
	Help            string // what the region allows; "": nothing
	Wrong           map[string]string
	Typed           string // the reason that came back
	Done            string
}

type faultView struct {
	Code, N string
	Kind    string
}

type featureView struct {
	Name, About string
	Action      string
	On          bool
}

// wrongOf are the sentences of a fault's fields.
func wrongOf(c *web.Ctx, wrong *fault.Error) map[string]string {
	out := map[string]string{}
	if wrong != nil {
		for _, f := range wrong.Fields {
			out[f.Name] = c.FieldText(f)
		}
	}
	return out
}

func newRegionPage(c *web.Ctx, s Standing, wrong *fault.Error) regionView {
	p, t := c.P, s.Tenant
	number := func(n int64) string { return p.Number(int(n)) }
	v := regionView{
		Code: t.Code, Name: t.Name, URL: c.App().Origin(t) + "/", At: p.T("operator.at", p.TimeZone(s.At)), Paused: t.State == tenant.Suspended,
		Reason: t.SuspendedReason, Demo: t.Demo, Wrong: wrongOf(c, wrong),
	}
	if wrong != nil {
		v.Typed = c.Form("reason")
	}
	last := p.T("operator.never")
	if !s.Last.IsZero() {
		last = p.DateTime(s.Last)
	}
	v.Health = []ui.Pair{
		{Term: p.T("operator.last"), Value: last},
		{Term: p.T("operator.keys"), Value: p.T("operator.keys." + string(s.Keys))},
		{Term: p.T("operator.queued"), Value: number(s.Queued)},
		{Term: p.T("operator.dead"), Value: number(s.Dead)},
		{Term: p.T("operator.unsent"), Value: number(s.Unsent)},
	}
	v.Load = []ui.Pair{
		{Term: p.T("operator.issued"), Value: number(s.Issued)},
		{Term: p.T("operator.failed"), Value: number(s.Failed)},
		{Term: p.T("operator.shed"), Value: number(s.Shed)},
	}
	for _, f := range s.Faults {
		kind := "operator.kind_failed"
		if f.Shed {
			kind = "operator.kind_shed"
		}
		v.Faults = append(v.Faults, faultView{f.Code, number(f.N), p.T(kind)})
	}
	if s.Help != nil {
		v.Help = p.T("operator.help_is", kindText(c, s.Help), p.DateTime(s.Help.UntilAt))
	}
	for _, f := range s.Features {
		v.Features = append(v.Features, featureView{
			Name: p.T("operator.feature." + string(f.Feature)), About: p.T("operator.feature_about." + string(f.Feature)),
			Action: regionPath(t.Code) + "/fitur/" + string(f.Feature), On: f.On,
		})
	}
	return v
}

// announcementsView is the page of announcements.
type announcementsView struct {
	List      []announcementView
	Form      announcementForm
	Regions   []ui.Option
	Audiences []ui.Option
	Wrong     map[string]string
	Summary   []ui.Wrong
	Zone      string
	Done      string
}

type announcementView struct {
	Text, TextEN, For, When string
	Action                  string
}

func newAnnouncementsPage(c *web.Ctx, regions []*tenant.Tenant, list []tenant.Announcement, f announcementForm, wrong *fault.Error) announcementsView {
	p := c.P
	v := announcementsView{Form: f, Wrong: wrongOf(c, wrong), Zone: c.Tenant.Zone}
	if wrong != nil {
		for _, x := range wrong.Fields {
			v.Summary = append(v.Summary, ui.Wrong{ID: x.Name, Text: c.FieldText(x)})
		}
	}
	names := map[string]string{"": p.T("operator.all_regions")}
	v.Regions = []ui.Option{{Value: "", Label: names[""]}}
	for _, t := range regions {
		names[t.Code] = t.Name
		v.Regions = append(v.Regions, ui.Option{Value: t.Code, Label: t.Name})
	}
	for _, a := range []string{tenant.ForStaff, tenant.ForEveryone} {
		v.Audiences = append(v.Audiences, ui.Option{Value: a, Label: p.T("operator.audience." + a)})
	}
	for _, a := range list {
		v.List = append(v.List, announcementView{
			Text: a.Text, TextEN: a.TextEN, For: names[a.Code] + ", " + lower(p, a.Audience), When: p.T("operator.from_until", p.DateTime(a.From), p.DateTime(a.Until)),
			Action: pathAnnouncements + "/" + a.ID.String() + "/akhiri",
		})
	}
	return v
}

func lower(p *i18n.Printer, audience string) string { return p.T("operator.to." + audience) }
