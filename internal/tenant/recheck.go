package tenant

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// ConfirmAll in Options.Confirm confirms whatever waits for it.
const ConfirmAll = "all"

func (p *Provisioner) catalogue() tenants.Catalogue {
	if p.Catalogue != nil {
		return p.Catalogue
	}
	return catalogue.Default()
}

// compare lists what changes from what is stored to a new manifest: in the manifest, in the catalogue's text,
// and in what the region has confirmed. A service whose text the catalogue changed under "confirmed: true" is
// to be checked again: recheck has it, as "dukcapil/ktp-baru", until the region confirms it anew or no longer
// says that it is confirmed.
func (p *Provisioner) compare(stored *Manifest, old, new *tenants.Region, confirm []string) (changes []tenants.Change, recheck []string, err error) {
	changes = tenants.Diff(old, new)
	if old == nil {
		return changes, nil, nil
	}
	var text []tenants.Change
	if stored.Catalogue != "" {
		var before tenants.Subset
		if err := json.Unmarshal([]byte(stored.Catalogue), &before); err != nil {
			return nil, nil, fmt.Errorf("tenant: catalogue: %w", err)
		}
		if text, err = tenants.DiffCatalogue(old, new, &before, p.catalogue()); err != nil {
			return nil, nil, err
		}
		changes = append(changes, text...)
	}
	for _, key := range confirm {
		if key != "" && key != ConfirmAll && !slices.Contains(confirmedIn(new), key) {
			return nil, nil, fmt.Errorf("--confirm %q: folder tidak memuat layanan itu dengan confirmed: true · the folder has no such service with confirmed: true", key)
		}
	}
	waited := strings.Fields(stored.Recheck)
	had := confirmedIn(old)
	for _, key := range confirmedIn(new) {
		agency, service, _ := strings.Cut(key, "/")
		path := tenants.ServicePath(agency, service)
		waits := slices.Contains(waited, key)
		touched := slices.Contains(had, key) && slices.ContainsFunc(text, func(c tenants.Change) bool { return c.Path == path && c.Field != "catalogue.words" })
		if !waits && !touched {
			continue
		}
		if slices.Contains(confirm, key) || slices.Contains(confirm, ConfirmAll) {
			if waits {
				changes = append(changes, again(path, "tidak", "ya", "dipastikan lagi", "confirmed again"))
			}
			continue
		}
		if recheck = append(recheck, key); !waits {
			changes = append(changes, again(path, "ya", "tidak", "perlu dipastikan lagi, teks katalognya berubah", "to be confirmed again, the catalogue's text has changed"))
		}
	}
	return changes, recheck, nil
}

func again(path, old, new, id, en string) tenants.Change {
	return tenants.Change{
		Kind: tenants.Modify, Path: path, Field: "recheck", Old: old, New: new, Text: "~ " + path + ": " + id, TextEN: "~ " + path + ": " + en,
	}
}

// confirmedIn are the services that a manifest calls confirmed, as "dukcapil/ktp-baru".
func confirmedIn(r *tenants.Region) (keys []string) {
	for _, a := range r.Agencies {
		for _, s := range a.Services {
			if s.Confirmed {
				keys = append(keys, a.Code+"/"+s.Code)
			}
		}
	}
	return keys
}

// unconfirm takes back what the region has to check again.
func unconfirm(r *tenants.Resolved, recheck []string) {
	for i := range r.Agencies {
		for j := range r.Agencies[i].Services {
			if s := &r.Agencies[i].Services[j]; slices.Contains(recheck, r.Agencies[i].Code+"/"+s.Code) {
				s.Confirmed = false
			}
		}
	}
}

// Rechecks are a tenant's services that wait to be confirmed again, as "dukcapil/ktp-baru".
func (p *Provisioner) Rechecks(ctx context.Context, code string) ([]string, error) {
	_, stored, _, err := p.find(ctx, code)
	if err != nil || stored == nil {
		return nil, err
	}
	return strings.Fields(stored.Recheck), nil
}
