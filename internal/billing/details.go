package billing

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
)

// Details are what a government needs to stand on what it pays.
type Details struct {
	Name          string    // the institution that pays, as on its documents
	Address       string    //
	NPWP          string    // its taxpayer number: 16 digits
	NITKU         string    // of its place of business: 22 digits, the first 16 the NPWP
	Contract      string    // number of the contract or work order (SPK); may be empty until there is one
	ContractDay   clock.Day // its day, when it has a number
	PurchaseOrder string    // may be empty
	Treasurer     bool      // its treasurer collects VAT and hands it to the state
	Signatory     string    // who signs for it (PPK); kept sealed
	Email         string    // where invoices go; kept sealed
}

// The longest texts, in signs. Stripe's custom fields take 140.
const (
	maxName    = 150
	maxAddress = 300
	maxPaper   = 60
	maxEmail   = 254
)

// digits leaves out what people write between digits.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func onlyDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// Clean checks details and gives them as they are stored. The fault is "invalid" (422) with each field that is wrong.
func (d Details) Clean(r Rules) (Details, error) {
	wrong := fault.New(fault.Invalid, "invalid")
	for _, s := range []*string{&d.Name, &d.Address, &d.Contract, &d.PurchaseOrder, &d.Signatory, &d.Email} {
		*s = strings.Join(strings.Fields(*s), " ")
	}
	d.NPWP, d.NITKU = digits(d.NPWP), digits(d.NITKU)
	text := func(name, value string, most int, needed bool) {
		switch {
		case value == "" && needed:
			wrong = wrong.Field(name, "required")
		case utf8.RuneCountInString(value) > most:
			wrong = wrong.Field(name, "billing.long", most)
		}
	}
	text("name", d.Name, maxName, true)
	text("address", d.Address, maxAddress, true)
	text("contract", d.Contract, maxPaper, false)
	text("purchase_order", d.PurchaseOrder, maxPaper, false)
	text("signatory", d.Signatory, maxName, true)
	number := func(name, value string, want int) {
		switch {
		case value == "":
			wrong = wrong.Field(name, "required")
		case !onlyDigits(value):
			wrong = wrong.Field(name, "billing.digits")
		case len(value) != want:
			wrong = wrong.Field(name, "billing.count", want, len(value))
		}
	}
	number("npwp", d.NPWP, r.NPWPDigits)
	number("nitku", d.NITKU, r.NITKUDigits)
	if len(d.NITKU) == r.NITKUDigits && len(d.NPWP) == r.NPWPDigits && onlyDigits(d.NITKU) && !strings.HasPrefix(d.NITKU, d.NPWP) {
		wrong = wrong.Field("nitku", "billing.nitku")
	}
	if (d.Contract == "") != (d.ContractDay == clock.Day{}) {
		if d.Contract == "" {
			wrong = wrong.Field("contract", "required")
		} else {
			wrong = wrong.Field("contract_day", "required")
		}
	}
	if a, err := mail.ParseAddress(d.Email); d.Email == "" {
		wrong = wrong.Field("email", "required")
	} else if err != nil || a.Address != d.Email || len(d.Email) > maxEmail {
		wrong = wrong.Field("email", "billing.email")
	}
	if len(wrong.Fields) > 0 {
		return d, wrong
	}
	return d, nil
}
