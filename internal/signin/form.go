package signin

import "github.com/pendopo-id/pendopo/internal/web/ui"

// wrong lists the fields to mend, in the form's order.
func (f form) wrong() (out []ui.Wrong) {
	for _, name := range []string{"name", "email", "password", "code", "secret", "current", "new", "role", "agency", "counters", "reason", "recognised", "berkas"} {
		if text := f.Fields[name]; text != "" {
			out = append(out, ui.Wrong{ID: name, Text: text})
		}
	}
	return out
}

// here is a sentence about where somebody signs in: a region's, or that of the platform, whose people have no regional
// IT.
func here(p ui.Page, region, platform string) string {
	if p.Region == nil {
		return p.T(platform)
	}
	return p.T(region)
}

// hereIn is here with the region's name.
func hereIn(p ui.Page, region, platform string) string {
	if p.Region == nil {
		return p.T(platform)
	}
	return p.T(region, p.Region.Name)
}
