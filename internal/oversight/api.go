package oversight

import (
	"time"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
)

// DayCountsJSON are numbers of the region's local day.
type DayCountsJSON struct {
	Issued   int64 `json:"issued" jsonschema_description:"Numbers given so far today."`
	Waiting  int64 `json:"waiting"`
	Called   int64 `json:"called" jsonschema_description:"Called or being served now."`
	Finished int64 `json:"finished"`
	Absent   int64 `json:"absent" jsonschema_description:"Not there when called."`
}

func countsJSON(c Counts) DayCountsJSON {
	return DayCountsJSON{c.Issued, c.Waiting, c.Called, c.Finished, c.Absent}
}

// RegionRef names a region.
type RegionRef struct {
	Code string `json:"code"`
	Name string `json:"name"`
	URL  string `json:"url"`
	Day  string `json:"day" jsonschema_description:"The region's local day, which the counts are of."`
}

func refOf(c *web.Ctx, t *tenant.Tenant, at time.Time) RegionRef {
	return RegionRef{t.Code, t.Name, c.App().Origin(t) + "/", t.Today(at).String()}
}

// AgencyJSON is an agency in every region.
type AgencyJSON struct {
	Code    string             `json:"code"`
	Name    string             `json:"name"`
	At      string             `json:"at"`
	Regions []AgencyRegionJSON `json:"regions"`
}

// AgencyRegionJSON is the agency in one region.
type AgencyRegionJSON struct {
	Region RegionRef         `json:"region"`
	Name   string            `json:"name" jsonschema_description:"What the region calls the agency."`
	Venues []AgencyVenueJSON `json:"venues"`
}

// AgencyVenueJSON is a place in which the agency serves.
type AgencyVenueJSON struct {
	Name     string              `json:"name"`
	Open     bool                `json:"open"`
	Counts   DayCountsJSON       `json:"counts"`
	Wait     *int                `json:"average_wait_minutes" jsonschema_description:"From taking the number to the call; null of fewer than five."`
	Counters []AgencyCounterJSON `json:"counters"`
	Services []AgencyServiceJSON `json:"services"`
}

// AgencyCounterJSON is one of the agency's counters.
type AgencyCounterJSON struct {
	Name    string `json:"name"`
	Open    bool   `json:"open" jsonschema_description:"By the opening hours of its place."`
	Serving bool   `json:"serving" jsonschema_description:"A number stands at it now."`
}

// AgencyServiceJSON names a service.
type AgencyServiceJSON struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

func (s *Service) getAgency(c *web.Ctx) error {
	view, err := s.Agency(c.Std(), looker(c), c.Param("code"))
	if err != nil {
		return err
	}
	out := AgencyJSON{
		Code: view.Agency.Code, Name: named(c.P, view.Agency.Short, view.Agency.ShortEN), At: moment(view.At), Regions: []AgencyRegionJSON{},
	}
	for _, r := range view.Regions {
		one := AgencyRegionJSON{Region: refOf(c, r.Tenant, view.At), Name: named(c.P, r.Name, r.NameEN), Venues: []AgencyVenueJSON{}}
		for _, x := range r.Venues {
			v := AgencyVenueJSON{
				Name: named(c.P, x.Name, x.NameEN), Open: x.Opening.Open, Counts: countsJSON(x.Counts),
				Counters: []AgencyCounterJSON{}, Services: []AgencyServiceJSON{},
			}
			if d, ok := x.Counts.Wait(); ok {
				minutes := int(d.Minutes())
				v.Wait = &minutes
			}
			for _, k := range x.Counters {
				v.Counters = append(v.Counters, AgencyCounterJSON(k))
			}
			for _, o := range x.Services {
				v.Services = append(v.Services, AgencyServiceJSON{o.Code, named(c.P, o.Name, o.NameEN)})
			}
			one.Venues = append(one.Venues, v)
		}
		out.Regions = append(out.Regions, one)
	}
	return c.JSON(200, out)
}

// RegionsJSON are the regions that somebody oversees.
type RegionsJSON struct {
	At        string         `json:"at"`
	Provinces []ProvinceJSON `json:"provinces"`
}

// ProvinceJSON is a province with its regions.
type ProvinceJSON struct {
	Code    string       `json:"code"`
	Name    string       `json:"name"`
	On      int          `json:"on" jsonschema_description:"Regions that are on."`
	Seats   int          `json:"seats" jsonschema_description:"Kabupaten and kota that could be."`
	Regions []RegionJSON `json:"regions"`
}

// RegionJSON is a region.
type RegionJSON struct {
	Region       RegionRef     `json:"region"`
	State        string        `json:"state" jsonschema:"enum=active,enum=suspended"`
	CountersOpen int           `json:"counters_open"`
	Counters     int           `json:"counters"`
	Counts       DayCountsJSON `json:"counts"`
}

func (s *Service) getRegions(c *web.Ctx) error {
	view, err := s.Regions(c.Std(), looker(c))
	if err != nil {
		return err
	}
	out := RegionsJSON{At: moment(view.At), Provinces: []ProvinceJSON{}}
	for _, p := range view.Provinces {
		one := ProvinceJSON{Code: p.Code, Name: p.Name, On: p.Sum.On, Seats: p.Sum.Seats, Regions: []RegionJSON{}}
		for _, r := range p.Regions {
			one.Regions = append(one.Regions, RegionJSON{
				Region: refOf(c, r.Tenant, view.At), State: r.Tenant.State, CountersOpen: r.Open, Counters: r.Of, Counts: countsJSON(r.Counts),
			})
		}
		out.Provinces = append(out.Provinces, one)
	}
	return c.JSON(200, out)
}

// PlatformJSON is how the regions stand.
type PlatformJSON struct {
	At      string         `json:"at"`
	Regions []StandingJSON `json:"regions"`
}

// StandingJSON is how a region stands.
type StandingJSON struct {
	Region RegionRef `json:"region"`
	State  string    `json:"state" jsonschema:"enum=active,enum=suspended"`
	Reason string    `json:"reason,omitempty" jsonschema_description:"Why it is suspended."`
	Demo   bool      `json:"demo"`
	Queued int64     `json:"queued" jsonschema_description:"Jobs that wait."`
	Dead   int64     `json:"dead" jsonschema_description:"Jobs that have failed for good."`
	LastAt string    `json:"last_at,omitempty" jsonschema_description:"When something was last recorded."`
	Issued int64     `json:"issued" jsonschema_description:"Numbers given today."`
	Unsent int64     `json:"unsent" jsonschema_description:"Messages that were not sent."`
	Failed int64     `json:"failed" jsonschema_description:"Requests of the last 24 hours that failed."`
	Shed   int64     `json:"shed" jsonschema_description:"Requests of the last 24 hours that were turned away."`
}

func (s *Service) getPlatform(c *web.Ctx) error {
	view, err := s.Platform(c.Std(), looker(c))
	if err != nil {
		return err
	}
	out := PlatformJSON{At: moment(view.At), Regions: []StandingJSON{}}
	for _, r := range view.Regions {
		one := StandingJSON{
			Region: refOf(c, r.Tenant, view.At), State: r.Tenant.State, Reason: r.Tenant.SuspendedReason, Demo: r.Tenant.Demo, Queued: r.Queued, Dead: r.Dead,
			Issued: r.Issued, Unsent: r.Unsent, Failed: r.Failed, Shed: r.Shed,
		}
		if !r.Last.IsZero() {
			one.LastAt = moment(r.Last)
		}
		out.Regions = append(out.Regions, one)
	}
	return c.JSON(200, out)
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }
