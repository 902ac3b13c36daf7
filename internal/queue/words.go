package queue

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// english is the English name where the page is English and there is one.
func english(p ui.Page, name, en string) string {
	if p.Locale == i18n.EN && en != "" {
		return en
	}
	return name
}

// inIndonesian marks what stands on an English page in Indonesian, so that it is read out as such: what
// has no English name (en is empty), and what never has one, such as an address.
func inIndonesian(p ui.Page, en string) templ.Attributes {
	if lang := foreign(p, en); lang != "" {
		return templ.Attributes{"lang": lang}
	}
	return nil
}

// foreign is the language of such a text where it is not the page's.
func foreign(p ui.Page, en string) string {
	if p.Locale == i18n.EN && en == "" {
		return string(i18n.ID)
	}
	return ""
}

func serviceName(p ui.Page, o *tenant.Service) string { return english(p, o.Name, o.NameEN) }
func agencyName(p ui.Page, o *tenant.Agency) string   { return english(p, o.Name, o.NameEN) }
func venueName(p ui.Page, v *tenant.Venue) string     { return english(p, v.Name, v.NameEN) }
func zoneName(p ui.Page, z *tenant.Zone) string       { return english(p, z.Name, z.NameEN) }

// counterNames joins counters as signs in a hall do: "Loket 1–4", "Loket 1–3, 7", "Loket 2 dan Kasir".
func counterNames(p ui.Page, counters []*tenant.Counter) string {
	prefix, numbers := "", make([]int, 0, len(counters))
	for i, d := range counters {
		before, n, ok := numbered(d.Name)
		if !ok || i > 0 && before != prefix {
			return plainNames(p, counters)
		}
		prefix = before
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		return ""
	}
	slices.Sort(numbers)
	var runs []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] <= numbers[j]+1 {
			j++
		}
		runs = append(runs, p.Print().Range(strconv.Itoa(numbers[i]), strconv.Itoa(numbers[j])))
		i = j + 1
	}
	return prefix + strings.Join(runs, ", ")
}

func plainNames(p ui.Page, counters []*tenant.Counter) string {
	names := make([]string, len(counters))
	for i, d := range counters {
		names[i] = d.Name
	}
	return p.Print().List(names...)
}

// numbered takes "Loket 12" apart.
func numbered(name string) (prefix string, n int, ok bool) {
	digits := len(name)
	for digits > 0 && name[digits-1] >= '0' && name[digits-1] <= '9' {
		digits--
	}
	n, err := strconv.Atoi(name[digits:])
	return name[:digits], n, err == nil && digits > 0
}

// counterPlace is where a counter is, as far as the region has said, with the English for it.
func counterPlace(d *tenant.Counter) (place, en string) {
	if d.Place != "" {
		return d.Place, d.PlaceEN
	}
	return d.Zone.Place, d.Zone.PlaceEN
}

// codeSigns leave out what is mistaken for something else when it is read out or copied by hand.
const codeSigns = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

// Code is the short code of a ticket, "KB7-4QX". The person has it on the ticket and the officer on
// the screen, so that one number shown twice is told apart. It opens nothing.
func Code(ticket id.ID) string {
	sum := sha256.Sum256(ticket[:])
	n := binary.BigEndian.Uint64(sum[:8])
	var out [7]byte
	for i := range out {
		if i == 3 {
			out[i] = '-'
			continue
		}
		out[i] = codeSigns[n%uint64(len(codeSigns))]
		n /= uint64(len(codeSigns))
	}
	return string(out[:])
}

// whole are the minutes that have gone by between two moments.
func whole(from, to time.Time) int { return max(0, int(to.Sub(from)/time.Minute)) }

// byName orders counters as signs in a hall do: Loket 2 before Loket 10, whatever agency they belong to.
func byName(a, b *tenant.Counter) int {
	ap, an, aok := numbered(a.Name)
	bp, bn, bok := numbered(b.Name)
	if aok && bok && ap == bp {
		return an - bn
	}
	return strings.Compare(a.Name, b.Name)
}

// aheadText is "4 orang di depan Anda" or "Anda berikutnya".
func aheadText(p ui.Page, n int) string {
	if n == 0 {
		return p.T("queue.you_next")
	}
	return p.T("queue.ahead", n)
}

// openText is how a venue stands, for a person who is on the way to it.
func openText(p ui.Page, o tenant.Opening, now time.Time, loc *time.Location) string {
	pr := p.Print()
	switch {
	case o.Always:
		return p.T("queue.open_always")
	case o.Open:
		return p.T("queue.open_until", pr.TimeZone(o.Until))
	case o.Next.IsZero():
		return p.T("queue.shut")
	case clock.DayOf(o.Next, loc) == clock.DayOf(now, loc):
		return p.T("queue.open_at", pr.TimeZone(o.Next))
	}
	return p.T("queue.open_on", opens(p, o.Next, loc))
}

// opens is a moment on another day: "Selasa, 24 November 2026 pukul 08.00 WIB".
func opens(p ui.Page, at time.Time, loc *time.Location) string {
	return p.T("queue.day_at", p.Print().Date(clock.DayOf(at, loc)), p.Print().TimeZone(at))
}

// headed is the window's title of a page that shows this now, as the layout writes it.
func headed(p ui.Page, title string) string {
	p.Title = title
	return p.Heading()
}

func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
