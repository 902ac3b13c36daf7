package tenants

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pendopo-id/pendopo/tenants/nearest"
)

// Rule names what a problem is about, for tests, documentation and tools; people read Message.
type Rule string

const (
	RuleFile         Rule = "file"          // missing, unreadable, too large, misnamed
	RuleText         Rule = "text"          // not UTF-8, NUL, control or direction signs
	RuleSyntax       Rule = "syntax"        // not YAML
	RuleRefused      Rule = "refused"       // YAML that a manifest may not use: anchors, tags, several documents
	RuleUnknownKey   Rule = "unknown-key"   //
	RuleDuplicateKey Rule = "duplicate-key" //
	RuleType         Rule = "type"          // a list where a text belongs, and the like
	RuleRequired     Rule = "required"      //
	RuleTooLong      Rule = "too-long"      //
	RuleArea         Rule = "area"          // no such kabupaten or kota, or not one that can be a tenant
	RuleFolder       Rule = "folder"        // the folder is not called <code>-<slug>; a warning
	RuleTimezone     Rule = "timezone"      //
	RuleCode         Rule = "code"          // the form of a code
	RuleDuplicate    Rule = "duplicate"     // a code, prefix or address that is there already
	RuleColour       Rule = "colour"        //
	RuleEmail        Rule = "email"         //
	RuleWebsite      Rule = "website"       //
	RuleVenueKind    Rule = "venue-kind"    //
	RuleDistrict     Rule = "district"      // no such kecamatan, or another region's
	RuleDigital      Rule = "digital"       // a place given to what has none
	RuleDays         Rule = "days"          //
	RuleClock        Rule = "clock"         // a time of day
	RuleHours        Rule = "hours"         // closing before opening, periods that overlap
	RuleTicketsStop  Rule = "tickets-stop"  //
	RuleDate         Rule = "date"          //
	RuleReference    Rule = "reference"     // names something that is not declared
	RuleAgency       Rule = "agency"        // not in the catalogue and without a name of its own
	RuleService      Rule = "service"       // not in the catalogue and without name and execution
	RuleExecution    Rule = "execution"     //
	RuleSystem       Rule = "system"        // front-desk or hand-off without the owner's system
	RuleSeries       Rule = "series"        // a service without numbers, numbers without a service or a counter
	RulePrefix       Rule = "prefix"        //
	RuleRange        Rule = "range"         // a number that is too small or too large
	RuleZone         Rule = "zone"          // a counter whose calls no board would show
	RuleRole         Rule = "role"          //
	RuleLogo         Rule = "logo"          // an SVG with more than a drawing in it
	RuleIssuer       Rule = "issuer"        // the address of an identity provider
	RuleDomain       Rule = "domain"        // of e-mail addresses
)

// Problem is one thing that is wrong in a region's folder, and where.
type Problem struct {
	File       string // in the folder: "region.yaml", "agencies/dukcapil.yaml"
	Line       int    // from 1; 0 when the file itself is the problem
	Column     int    // from 1, in characters
	Path       string // "venues[0].hours[1].open"; empty for the file as a whole
	Rule       Rule
	Value      string // what stands there
	Message    string // in Indonesian, with the suggestion
	MessageEN  string
	Suggestion string // the nearest right value, ready to paste; empty when there is none
	Warning    bool   // worth mending, but no reason to refuse the folder
}

// String is the line that a person reads:
//
//	region.yaml:12:7: venues[0].hours[1].open: "8:60" bukan jam yang benar; tulis misalnya "08:00"
func (p Problem) String() string {
	if p.Warning {
		return p.line("perhatian: " + p.Message)
	}
	return p.line(p.Message)
}

// English is String in English.
func (p Problem) English() string {
	if p.Warning {
		return p.line("warning: " + p.MessageEN)
	}
	return p.line(p.MessageEN)
}

func (p Problem) line(message string) string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(message)
	return b.String()
}

// Problems is everything that one run found, by file and line. It is an error, but a list that holds
// only warnings (or nothing) is none: return Err, never Problems, as an error.
type Problems []Problem

// Error joins the lines.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err is nil when nothing but warnings was found, and the problems without the warnings else.
func (ps Problems) Err() error {
	var wrong Problems
	for _, p := range ps {
		if !p.Warning {
			wrong = append(wrong, p)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

// sort puts region.yaml first, because what is wrong there is often why the agencies look wrong.
func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			-compareBool(a.File == regionFile, b.File == regionFile),
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Message, b.Message),
		)
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// words are a message in both languages. Building them together keeps one from being forgotten.
type words struct{ id, en string }

// say formats both languages with the same values; %q quotes them.
func say(id, en string, values ...any) words {
	return words{fmt.Sprintf(id, values...), fmt.Sprintf(en, values...)}
}

// meant adds the nearest right value, if there is one.
func (w words) meant(suggestion string) words {
	if suggestion == "" {
		return w
	}
	q := strconv.Quote(suggestion)
	return words{w.id + "; mungkin maksud Anda " + q, w.en + "; did you mean " + q + "?"}
}

// shown shortens a value for a message: a whole file pasted into a field should not fill the screen.
func shown(value string) string {
	const most = 60
	if r := []rune(value); len(r) > most {
		return string(r[:most]) + "…"
	}
	return value
}

// nearestOf is nearest.Of for words that a person may have typed: comparing a megabyte with every known
// code would only cost.
func nearestOf(word string, known []string) (string, bool) {
	if len(word) > 80 {
		return "", false
	}
	return nearest.Of(word, known)
}
