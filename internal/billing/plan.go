package billing

import (
	_ "embed"
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/pendopo-id/pendopo/internal/clock"
)

// The plans that code knows by name.
const (
	Pilot    = "pilot"    // what holds where nothing is subscribed to
	Province = "province" // pays for regions
)

// Words are a text in both languages.
type Words struct {
	ID string `yaml:"id"`
	EN string `yaml:"en"`
}

// In is the text in English for "en", else in Indonesian.
func (w Words) In(locale string) string {
	if locale == "en" {
		return w.EN
	}
	return w.ID
}

// Plan is what can be subscribed to.
type Plan struct {
	Code   string `yaml:"code"`
	Name   Words  `yaml:"name"`
	About  Words  `yaml:"about"`
	Yearly int64  `yaml:"yearly"` // rupiah a year without VAT, for each region
	Venues int    `yaml:"venues"` // in each region; more are warned of, never refused
	Payer  string `yaml:"payer"`  // "region" or "province"
}

// Price is the plan's price a year for a number of regions, without VAT.
func (p Plan) Price(quantity int64) Sen { return Rupiah(p.Yearly * quantity) }

type catalogue struct {
	Version   string `yaml:"version"`
	Confirmed bool   `yaml:"confirmed"`
	TrialDays int    `yaml:"trial_days"`
	DueDays   int    `yaml:"due_days"`
	GraceDays int    `yaml:"grace_days"`
	Plans     []Plan `yaml:"plans"`
}

// Rules are what tax and payment are worked out by, from a day on.
type Rules struct {
	Version         string `yaml:"version"`
	From            string `yaml:"from"`
	Status          string `yaml:"status"`
	VATPercent      int64  `yaml:"vat_percent"`
	BaseOf          int64  `yaml:"base_of"`
	BaseIn          int64  `yaml:"base_in"`
	TreasurerAbove  int64  `yaml:"treasurer_above"` // rupiah
	NPWPDigits      int    `yaml:"npwp_digits"`
	NITKUDigits     int    `yaml:"nitku_digits"`
	TaxNumberDigits int    `yaml:"tax_number_digits"`
}

//go:embed plans.yaml
var plansFile []byte

//go:embed rules.yaml
var rulesFile []byte

var (
	terms    = mustRead[catalogue]("plans.yaml", plansFile)
	allRules = mustRead[[]Rules]("rules.yaml", rulesFile)
)

func mustRead[T any](name string, text []byte) (v T) {
	if err := yaml.UnmarshalWithOptions(text, &v, yaml.Strict()); err != nil {
		panic(fmt.Sprintf("billing: %s: %v", name, err))
	}
	return v
}

// Plans are what a payer of a kind, "region" or "province", can choose from, cheapest first.
func Plans(payer string) (out []Plan) {
	for _, p := range terms.Plans {
		if p.Payer == payer {
			out = append(out, p)
		}
	}
	return out
}

// PlanOf finds a plan by its code.
func PlanOf(code string) (Plan, bool) {
	i := slices.IndexFunc(terms.Plans, func(p Plan) bool { return p.Code == code })
	if i < 0 {
		return Plan{}, false
	}
	return terms.Plans[i], true
}

// Confirmed tells whether the prices have been decided, and the rules of tax checked by somebody who answers for them.
func Confirmed() bool {
	return terms.Confirmed && !slices.ContainsFunc(allRules, func(r Rules) bool { return r.Status != "confirmed" })
}

// RulesAt are the rules that hold at a moment, by the day in WIB.
func RulesAt(at time.Time) Rules {
	day, out := clock.DayOf(at, clock.WIB).String(), allRules[0]
	for _, r := range allRules {
		if r.From <= day {
			out = r
		}
	}
	return out
}

// RulesOf finds rules by their version; unknown ones are today's.
func RulesOf(version string, at time.Time) Rules {
	for _, r := range allRules {
		if r.Version == version {
			return r
		}
	}
	return RulesAt(at)
}

// VAT is the tax on a price, in whole rupiah, and the base on which it is worked out.
func (r Rules) VAT(price Sen) (base, vat Sen) {
	base = price.share(r.BaseOf, r.BaseIn)
	return base, base.share(r.VATPercent, 100)
}

// Collected tells whether a government's treasurer collects the VAT of a payment and hands it to the state by themselves.
// Then the payer owes us the price without it.
func (r Rules) Collected(price, vat Sen, treasurer bool) bool {
	return treasurer && (price+vat).Whole() > r.TreasurerAbove
}
