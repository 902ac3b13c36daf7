package propose

import (
	"time"

	"github.com/pendopo-id/pendopo/tenants"
)

// pull is how many visits an agency draws against one that draws few. It is an assumption to begin with, of what malls
// tell about themselves; a region that counts its visitors gives Expect.Agencies instead.
var pull = map[string]float64{
	"dukcapil": 6, "samsat": 4, "imigrasi": 3, "polri": 3, "bpjs-kesehatan": 3,
	"dpmptsp": 2, "atr-bpn": 2, "djp": 2, "bpjs-ketenagakerjaan": 2, "bapenda": 2,
}

// UsualVisitors is how many visitors a day are reckoned with where nobody says, by a region's population (0: not
// known). The tiers are assumptions to be replaced by a region's own count.
func UsualVisitors(population int) int {
	switch {
	case population <= 0 || population < 250_000:
		return 60
	case population < 500_000:
		return 100
	case population < 1_000_000:
		return 180
	default:
		return 300
	}
}

// Visits shares a day's visitors out among the agencies that serve at a counter, by code: known gives some, the others
// share the rest by what they usually draw. What is shared out is never less than a visit a day for each.
func Visits(region *tenants.Region, cat tenants.Catalogue, visitors int, known map[string]int) map[string]float64 {
	out, rest, total := map[string]float64{}, float64(visitors), 0.0
	for _, a := range region.Agencies {
		if !serves(cat, &a) {
			continue
		}
		if n, ok := known[a.Code]; ok {
			out[a.Code] = max(float64(n), 0)
			rest -= float64(n)
		} else {
			total += draws(a.Code)
		}
	}
	for _, a := range region.Agencies {
		if _, ok := out[a.Code]; !ok && serves(cat, &a) {
			out[a.Code] = max(rest*draws(a.Code)/total, 1)
		}
	}
	return out
}

func draws(agency string) float64 {
	if w, ok := pull[agency]; ok {
		return w
	}
	return 1
}

// serves tells whether people come to the agency's counters at all.
func serves(cat tenants.Catalogue, a *tenants.Agency) bool {
	for _, s := range a.Services {
		if AtCounter(cat, a.Code, s) {
			return true
		}
	}
	return false
}

func (p *planner) visits() {
	r := p.out.Region
	p.out.Visitors = p.want.Visitors
	why := say("%d pengunjung sehari, seperti yang Anda isi.", "%d visitors a day, as you have said.", p.want.Visitors)
	if p.out.Visitors <= 0 {
		p.out.Visitors = UsualVisitors(p.want.Population)
		why = say("Kami menghitung dengan %d pengunjung sehari, perkiraan awal untuk daerah dengan penduduk sebanyak ini. Ganti dengan hitungan Anda sendiri.",
			"We reckon with %d visitors a day, a first guess for a region of this population. Replace it with your own count.", p.out.Visitors)
		if p.want.Population <= 0 {
			why = say("Kami menghitung dengan %d pengunjung sehari, karena jumlah pengunjung dan penduduk belum diisi. Ganti dengan hitungan Anda sendiri.",
				"We reckon with %d visitors a day, because neither visitors nor population are given. Replace it with your own count.", p.out.Visitors)
		}
	}
	p.because(Visitors, "", "", why)
	p.share = Visits(r, p.cat, p.out.Visitors, p.want.Agencies)
}

// weights share an agency's visits out among its venues, by how long each is open in a week.
func weights(venues []tenants.Venue) []float64 {
	out, total := make([]float64, len(venues)), 0.0
	for i, v := range venues {
		days, minutes := openness(v)
		out[i] = float64(days * minutes)
		total += out[i]
	}
	for i := range out {
		out[i] /= total
	}
	return out
}

// openness is on how many days a week a venue is open, and for how many minutes on average.
func openness(v tenants.Venue) (days, minutes int) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		periods := v.Periods(day)
		if len(periods) > 0 {
			days++
		}
		for _, p := range periods {
			minutes += p.Close - p.Open
		}
	}
	if days == 0 {
		return 5, 7 * 60 // hours are not given yet: a usual office
	}
	return days, minutes / days
}

// openDays are the weekdays on which a venue is open, Monday first.
func openDays(v tenants.Venue) (out []time.Weekday) {
	for i := range 7 {
		day := time.Weekday((i + 1) % 7)
		if len(v.Periods(day)) > 0 {
			out = append(out, day)
		}
	}
	if len(out) == 0 {
		return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	}
	return out
}

// perHour is how many come in an hour of the busiest ones, of visits on a day.
func perHour(v tenants.Venue, visits float64) float64 {
	_, minutes := openness(v)
	return visits * peak / max(float64(minutes)/60, 1)
}
