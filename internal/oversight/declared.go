package oversight

import (
	"time"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// declared is what a region says of itself on its public pages: places, hours, agencies, counters and services. It
// comes from the manifest that every process holds, so that reading a hundred regions asks the database nothing.
type declared struct {
	version  int64
	hours    *tenant.Directory
	agencies map[string]*tenants.ResolvedAgency
	counters int
}

// declared gives what a region declares, worked out once a version. What cannot be read of one region, such as what a
// newer program wrote in a rolling update, is nil, and keeps nobody from seeing the others.
func (s *Service) declared(t *tenant.Tenant) *declared {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.known[t.ID]; d != nil && d.version == t.Version {
		return d
	}
	d, err := declare(t)
	if err != nil {
		s.log.Error("what a region declares cannot be read, and is left out of what overseers see", "tenant", t.Code, "error", err)
		return nil
	}
	s.known[t.ID] = d
	return d
}

func declare(t *tenant.Tenant) (*declared, error) {
	resolved, err := tenants.Resolve(t.Region, catalogue.Default())
	if err != nil {
		return nil, err
	}
	d := &declared{version: t.Version, agencies: map[string]*tenants.ResolvedAgency{}}
	if d.hours, err = tenant.Schedule(t.ID, t.Region, resolved); err != nil {
		return nil, err
	}
	for i := range resolved.Agencies {
		a := &resolved.Agencies[i]
		d.counters += len(a.Counters)
		for j := range a.Services {
			a.Services[j].Standard = nil // names are all that is shown
		}
		d.agencies[a.Code] = a
	}
	return d, nil
}

// open tells which of the region's venues are open now, by code.
func (d *declared) open(t *tenant.Tenant, now time.Time) map[string]tenant.Opening {
	out := make(map[string]tenant.Opening, len(d.hours.Venues))
	for _, v := range d.hours.Venues {
		out[v.Code] = d.hours.Opening(t, v, now)
	}
	return out
}

// openCounters counts the counters whose venue is open now.
func (d *declared) openCounters(open map[string]tenant.Opening) (n int) {
	for _, a := range d.agencies {
		for _, c := range a.Counters {
			if open[c.Venue].Open {
				n++
			}
		}
	}
	return n
}
