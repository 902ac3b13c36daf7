package operator

import (
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/openapi"
)

const (
	apiRegion        = "/api/v1/platform/regions/:code"
	apiAnnouncements = "/api/v1/platform/announcements"
)

// RegionStandingJSON is how a region stands. No text in it is a person's.
type RegionStandingJSON struct {
	Code     string        `json:"code"`
	Name     string        `json:"name"`
	At       string        `json:"at"`
	State    string        `json:"state" jsonschema:"enum=active,enum=suspended"`
	Reason   string        `json:"reason,omitempty" jsonschema_description:"Why it is suspended."`
	LastAt   string        `json:"last_at,omitempty" jsonschema_description:"When something was last recorded."`
	Issued   int64         `json:"issued" jsonschema_description:"Numbers given today."`
	Queued   int64         `json:"queued" jsonschema_description:"Jobs that wait."`
	Dead     int64         `json:"dead" jsonschema_description:"Jobs that have failed for good."`
	Unsent   int64         `json:"unsent" jsonschema_description:"Messages that were not sent."`
	Failed   int64         `json:"failed" jsonschema_description:"Requests of the last 24 hours that failed."`
	Shed     int64         `json:"shed" jsonschema_description:"Requests of the last 24 hours that were turned away."`
	Faults   []FaultJSON   `json:"faults"`
	Keys     Keys          `json:"keys" jsonschema:"enum=good,enum=erased,enum=closed,enum=none"`
	Features []FeatureJSON `json:"features"`
}

// FaultJSON is a problem's code with how often it was answered.
type FaultJSON struct {
	Code string `json:"code"`
	Shed bool   `json:"shed"`
	N    int64  `json:"n"`
}

// FeatureJSON is a feature and how it stands.
type FeatureJSON struct {
	Feature tenant.Feature `json:"feature"`
	On      bool           `json:"on"`
}

// StateJSON pauses or resumes a region.
type StateJSON struct {
	State  string `json:"state" jsonschema:"enum=active,enum=suspended"`
	Reason string `json:"reason,omitempty" jsonschema_description:"Why it is suspended: whoever comes reads it. 1 to 300 signs."`
}

// SwitchJSON switches a feature.
type SwitchJSON struct {
	On *bool `json:"on"`
}

// AnnouncementJSON is what regions are told for a while.
type AnnouncementJSON struct {
	ID       id.ID  `json:"id"`
	Region   string `json:"region,omitempty" jsonschema_description:"A region's code; absent: all regions."`
	Audience string `json:"audience" jsonschema:"enum=staff,enum=everyone"`
	Text     string `json:"text"`
	TextEN   string `json:"text_en"`
	From     string `json:"from"`
	Until    string `json:"until"`
}

// NewAnnouncementJSON is what is to be told.
type NewAnnouncementJSON struct {
	Region   string     `json:"region,omitempty" jsonschema_description:"A region's code; absent: all regions."`
	Audience string     `json:"audience" jsonschema:"enum=staff,enum=everyone"`
	Text     string     `json:"text"`
	TextEN   string     `json:"text_en"`
	From     *time.Time `json:"from,omitempty" jsonschema_description:"Absent: now."`
	Until    *time.Time `json:"until"`
}

// AnnouncementsJSON are those that are shown now or will be.
type AnnouncementsJSON struct {
	Announcements []AnnouncementJSON `json:"announcements"`
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (s *Service) getRegion(c *web.Ctx) error {
	v, err := s.Region(c.Std(), who(c), c.Param("code"))
	if err != nil {
		return err
	}
	out := RegionStandingJSON{
		Code: v.Tenant.Code, Name: v.Tenant.Name, At: stamp(v.At), State: v.Tenant.State, Reason: v.Tenant.SuspendedReason, Issued: v.Issued,
		Queued: v.Queued, Dead: v.Dead, Unsent: v.Unsent, Failed: v.Failed, Shed: v.Shed, Keys: v.Keys, Faults: []FaultJSON{}, Features: []FeatureJSON{},
	}
	if !v.Last.IsZero() {
		out.LastAt = stamp(v.Last)
	}
	for _, f := range v.Faults {
		out.Faults = append(out.Faults, FaultJSON(f))
	}
	for _, f := range v.Features {
		out.Features = append(out.Features, FeatureJSON(f))
	}
	return c.JSON(200, out)
}

func (s *Service) putState(c *web.Ctx) error {
	var body StateJSON
	if err := c.BindJSON(&body); err != nil {
		return err
	}
	if err := s.SetState(c.Std(), who(c), c.Param("code"), body.State, body.Reason); err != nil {
		return err
	}
	return c.NoContent()
}

func (s *Service) putFeature(c *web.Ctx) error {
	var body SwitchJSON
	if err := c.BindJSON(&body); err != nil {
		return err
	}
	if body.On == nil {
		return fault.New(fault.Invalid, "invalid").Field("on", "required")
	}
	if err := s.SetFeature(c.Std(), who(c), c.Param("code"), tenant.Feature(c.Param("feature")), *body.On); err != nil {
		return err
	}
	return c.NoContent()
}

func announcementJSON(a tenant.Announcement) AnnouncementJSON {
	return AnnouncementJSON{a.ID, a.Code, a.Audience, a.Text, a.TextEN, stamp(a.From), stamp(a.Until)}
}

func (s *Service) listAnnouncements(c *web.Ctx) error {
	list, err := s.Announcements(c.Std(), who(c))
	if err != nil {
		return err
	}
	out := AnnouncementsJSON{Announcements: []AnnouncementJSON{}}
	for _, a := range list {
		out.Announcements = append(out.Announcements, announcementJSON(a))
	}
	return c.JSON(200, out)
}

func (s *Service) postAnnouncement(c *web.Ctx) error {
	var body NewAnnouncementJSON
	if err := c.BindJSON(&body); err != nil {
		return err
	}
	a := tenant.Announcement{Code: body.Region, Audience: body.Audience, Text: body.Text, TextEN: body.TextEN, From: c.Now()}
	if body.From != nil {
		a.From = body.From.UTC()
	}
	if body.Until == nil {
		return fault.New(fault.Invalid, "invalid").Field("until", "required")
	}
	a.Until = body.Until.UTC()
	made, err := s.Announce(c.Std(), who(c), a)
	if err != nil {
		return err
	}
	return c.JSON(201, announcementJSON(made))
}

func (s *Service) deleteAnnouncement(c *web.Ctx) error {
	which, err := c.ID("id")
	if err == nil {
		err = s.EndAnnouncement(c.Std(), who(c), which)
	}
	if err != nil {
		return err
	}
	return c.NoContent()
}

var (
	codeParam = openapi.Param{Name: "code", In: "path", Description: "The region's code.", Example: "19.01"}
	idParam   = openapi.Param{Name: "id", In: "path", Description: "The announcement's identifier.", Example: "0197c2f4-3b5e-7c1a-9d2e-4f6a8b0c1d2e"}
	recent    = "Asks for a sign-in within the last ten minutes: auth.prove otherwise. "
)

// Operations describe the calls for the API's document.
var Operations = []openapi.Operation{
	{
		Method: "GET", Path: apiRegion, ID: "getRegionStanding", Tag: "platform", Auth: openapi.Bearer,
		Summary: "How one region stands", Description: "On the bare domain, for who runs the platform: counts, codes and states, nothing of a citizen or an officer.",
		Params: []openapi.Param{codeParam}, Response: RegionStandingJSON{}, Errors: []string{"403 authz.forbidden", "404 not_found"},
	},
	{
		Method: "PUT", Path: apiRegion + "/state", ID: "setRegionState", Tag: "platform", Auth: openapi.Bearer,
		Summary: "Pause or resume a region", Description: recent + "Nothing of a paused region is lost; its pages say the reason.",
		Params: []openapi.Param{codeParam}, Request: StateJSON{}, Status: 204, Errors: []string{"403 auth.prove", "403 authz.forbidden", "404 not_found", "422 invalid"},
	},
	{
		Method: "PUT", Path: apiRegion + "/features/:feature", ID: "switchRegionFeature", Tag: "platform", Auth: openapi.Bearer,
		Summary: "Switch a feature of a region", Description: recent + "Every process follows within seconds.",
		Params:  []openapi.Param{codeParam, {Name: "feature", In: "path", Description: "web-tickets or public-api.", Example: "web-tickets"}},
		Request: SwitchJSON{}, Status: 204, Errors: []string{"403 auth.prove", "403 authz.forbidden", "404 not_found", "422 invalid"},
	},
	{
		Method: "GET", Path: apiAnnouncements, ID: "listAnnouncements", Tag: "platform", Auth: openapi.Bearer,
		Summary: "Announcements that are shown now or will be", Response: AnnouncementsJSON{}, Errors: []string{"403 authz.forbidden"},
	},
	{
		Method: "POST", Path: apiAnnouncements, ID: "makeAnnouncement", Tag: "platform", Auth: openapi.Bearer,
		Summary: "Tell one region or all of them something", Description: recent + "Staff see it on their pages, and with the audience everyone citizens on the public ones.",
		Request: NewAnnouncementJSON{}, Response: AnnouncementJSON{}, Status: 201, Errors: []string{"403 auth.prove", "403 authz.forbidden", "404 not_found", "422 invalid"},
	},
	{
		Method: "DELETE", Path: apiAnnouncements + "/:id", ID: "endAnnouncement", Tag: "platform", Auth: openapi.Bearer,
		Summary: "End an announcement now", Description: recent, Params: []openapi.Param{idParam}, Status: 204, Errors: []string{"403 auth.prove", "403 authz.forbidden", "404 not_found"},
	},
}
