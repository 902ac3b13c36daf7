package i18n

import (
	"strconv"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
)

// Printer prints for one locale, and times for one time zone. It is small, immutable and safe to share.
type Printer struct {
	locale Locale
	loc    *time.Location // nil: each time in the zone that it carries
}

var printers = [2]*Printer{{locale: ID}, {locale: EN}}

// For gives the printer of a locale. Times print in the zone that they carry; see In.
func For(l Locale) *Printer { return printers[l.index()] }

// In gives a printer that prints times as clocks in loc show them: a region's pages use its own zone.
func (p *Printer) In(loc *time.Location) *Printer { return &Printer{p.locale, loc} }

// Locale is the printer's language.
func (p *Printer) Locale() Locale { return p.locale }

// enDash joins the ends of a range, without spaces.
const enDash = "–"

var (
	weekdays = [2][7]string{
		{"Minggu", "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu"},
		{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	}
	months = [2][12]string{
		{"Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"},
		{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	}
	monthsShort = [2][12]string{
		{"Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"},
		{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
	}
	thousands = [2]byte{'.', ','}
	decimal   = [2]byte{',', '.'}
	hours     = [2]byte{'.', ':'}
)

// Number is 1.234 or 1,234.
func (p *Printer) Number(n int) string { return string(p.appendNumber(nil, int64(n))) }

// appendNumber groups by hand: x/text/message costs 20 times as much and ten allocations, and a test holds
// the two equal.
func (p *Printer) appendNumber(b []byte, n int64) []byte {
	var tmp [20]byte
	digits := strconv.AppendInt(tmp[:0], n, 10)
	if n < 0 {
		b, digits = append(b, '-'), digits[1:]
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b = append(b, thousands[p.locale.index()])
		}
		b = append(b, d)
	}
	return b
}

// Decimal is 88,42 or 88.42, with that many digits after the comma.
func (p *Printer) Decimal(v float64, digits int) string {
	whole, part, _ := strings.Cut(strconv.FormatFloat(v, 'f', digits, 64), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return whole // not a number, or beyond what a page should show
	}
	b := p.appendNumber(nil, n)
	if n == 0 && strings.HasPrefix(whole, "-") {
		b = append([]byte{'-'}, b...)
	}
	if part != "" {
		b = append(append(b, decimal[p.locale.index()]), part...)
	}
	return string(b)
}

// Percent is 91% in both languages.
func (p *Printer) Percent(n int) string { return p.Number(n) + "%" }

// Rupiah is Rp150.000 or Rp150,000.
func (p *Printer) Rupiah(n int64) string {
	if n < 0 {
		return string(p.appendNumber([]byte("-Rp"), -n))
	}
	return string(p.appendNumber([]byte("Rp"), n))
}

// Local is t as clocks in the printer's zone show it.
func (p *Printer) Local(t time.Time) time.Time {
	if p.loc != nil {
		return t.In(p.loc)
	}
	return t
}

// Time is 10.04 or 10:04.
func (p *Printer) Time(t time.Time) string {
	h, m, _ := p.Local(t).Clock()
	sep := hours[p.locale.index()]
	return string([]byte{'0' + byte(h/10), '0' + byte(h%10), sep, '0' + byte(m/10), '0' + byte(m%10)})
}

// TimeSep is what Time puts between hours and minutes, for a clock that a script keeps.
func (p *Printer) TimeSep() string { return string(hours[p.locale.index()]) }

// Zone is WIB, WITA or WIT, or "UTC+2" elsewhere.
func (p *Printer) Zone(t time.Time) string {
	name, offset := p.Local(t).Zone()
	switch offset {
	case 7 * 3600:
		return "WIB"
	case 8 * 3600:
		return "WITA"
	case 9 * 3600:
		return "WIT"
	case 0:
		return "UTC"
	}
	return name
}

// TimeZone is 10.04 WIB.
func (p *Printer) TimeZone(t time.Time) string { return p.Time(t) + " " + p.Zone(t) }

// TimeRange is 08.00–15.30 WIB.
func (p *Printer) TimeRange(from, to time.Time) string {
	return p.Range(p.Time(from), p.Time(to)) + " " + p.Zone(to)
}

// Date is "Senin, 23 November 2026" or "Monday, 23 November 2026".
func (p *Printer) Date(d clock.Day) string {
	t := d.At(0, time.UTC)
	return p.Weekday(t.Weekday()) + ", " + strconv.Itoa(t.Day()) + " " + p.Month(t.Month()) + " " + strconv.Itoa(t.Year())
}

// DateLong is "23 November 2026".
func (p *Printer) DateLong(d clock.Day) string {
	t := d.At(0, time.UTC)
	return strconv.Itoa(t.Day()) + " " + p.Month(t.Month()) + " " + strconv.Itoa(t.Year())
}

// DateShort is "23 Nov 2026".
func (p *Printer) DateShort(d clock.Day) string {
	t := d.At(0, time.UTC)
	return strconv.Itoa(t.Day()) + " " + monthsShort[p.locale.index()][t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// DateTime is "Senin, 23 November 2026, 09.31 WIB".
func (p *Printer) DateTime(t time.Time) string {
	local := p.Local(t)
	return p.Date(clock.DayOf(local, local.Location())) + ", " + p.TimeZone(t)
}

// Weekday is "Senin" or "Monday".
func (p *Printer) Weekday(d time.Weekday) string { return weekdays[p.locale.index()][d] }

// Month is "November".
func (p *Printer) Month(m time.Month) string { return months[p.locale.index()][m-1] }

// Range is a–b with an en dash, or a alone where both are the same.
func (p *Printer) Range(a, b string) string {
	if a == b {
		return a
	}
	return a + enDash + b
}

// Minutes is a duration that is given in minutes: "35 menit", "1 jam 5 menit"; "35 minutes", "1 hour 5 minutes".
func (p *Printer) Minutes(n int) string {
	if n < 60 {
		return p.T("i18n.minutes", n)
	}
	if n%60 == 0 {
		return p.T("i18n.hours", n/60)
	}
	return p.T("i18n.hours", n/60) + " " + p.T("i18n.minutes", n%60)
}

// MinutesShort is "35 mnt" or "35 min", for tables.
func (p *Printer) MinutesShort(n int) string { return p.T("i18n.minutes_short", n) }

// MinutesRange is "18–35 menit".
func (p *Printer) MinutesRange(a, b int) string {
	if a == b {
		return p.Minutes(a)
	}
	return p.T("i18n.minutes_range", p.Range(p.Number(a), p.Number(b)))
}

// List is "A, B, dan C" or "A, B, and C".
func (p *Printer) List(items ...string) string {
	switch n := len(items); n {
	case 0:
		return ""
	case 1:
		return items[0]
	case 2:
		return p.T("i18n.two", items[0], items[1])
	default:
		return p.T("i18n.many", strings.Join(items[:n-1], ", "), items[n-1])
	}
}
