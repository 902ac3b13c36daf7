package onboarding

import (
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// step is a screen of the set-up. Its name is its place in addresses and its key in the texts.
type step string

// The screens, in their order.
const (
	stepRegion    step = "daerah"
	stepVenues    step = "lokasi"
	stepHours     step = "jam"
	stepAgencies  step = "instansi"
	stepServices  step = "layanan"
	stepCounters  step = "loket"
	stepPeople    step = "petugas"
	stepDevices   step = "perangkat"
	stepRehearsal step = "gladi"
	stepOpen      step = "buka"
)

var steps = []step{stepRegion, stepVenues, stepHours, stepAgencies, stepServices, stepCounters, stepPeople, stepDevices, stepRehearsal, stepOpen}

func (s step) path() string { return ui.PathSetup + "/" + string(s) }

// next is the screen behind; the last one's is itself.
func (s step) next() step {
	i := slices.Index(steps, s)
	return steps[min(i+1, len(steps)-1)]
}

func (s step) previous() step { return steps[max(slices.Index(steps, s)-1, 0)] }

// stepOf is the screen on which a field stands.
func stepOf(path string) step {
	parts := strings.Split(path, "/")
	last := parts[len(parts)-1]
	switch parts[0] {
	case "venues":
		if slices.Contains(parts, "hours") || last == "tickets_stop" {
			return stepHours
		}
		return stepVenues
	case "closures":
		return stepHours
	case staffList:
		return stepPeople
	case "agencies":
		switch {
		case len(parts) == 1:
			return stepAgencies
		case slices.Contains(parts[2:], "series") || slices.Contains(parts[2:], "counters"):
			return stepCounters
		case len(parts) > 2 && parts[2] == "services":
			return stepServices
		}
		return stepAgencies
	}
	return stepRegion
}

// standing is how far a screen is.
type standing int

const (
	untouched standing = iota
	begun
	finished
)

// standings tell of each screen how far it is: finished is what has something in it, and nothing wrong.
func (d *Draft) standings(all []Trouble) map[step]standing {
	out := map[step]standing{}
	has := func(s step, yes bool) {
		if yes {
			out[s] = finished
		}
	}
	has(stepRegion, d.Fields["organiser"] != "" && (d.Fields["contact/phone"] != "" || d.Fields["contact/email"] != ""))
	has(stepVenues, len(d.list("venues")) > 0)
	has(stepHours, len(d.list("venues")) > 0)
	has(stepAgencies, len(d.list("agencies")) > 0)
	for _, a := range d.list("agencies") {
		has(stepServices, len(d.list("agencies/"+a+"/services")) > 0)
		has(stepCounters, len(d.list("agencies/"+a+"/counters")) > 0)
	}
	has(stepPeople, len(d.list(staffList)) > 0)
	has(stepRehearsal, d.Report != "" && !d.Stale)
	for _, t := range all {
		if s := stepOf(t.Path); !t.Warning && out[s] == finished {
			out[s] = begun
		}
	}
	if out[stepRegion] == untouched && len(d.Changed) > 0 {
		out[stepRegion] = begun
	}
	return out
}
