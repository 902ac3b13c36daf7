// Package fields takes a region's manifest apart into fields that can be edited one by one, and puts it together
// again: what the pages on which a region sets itself up work with. Two people who change different fields change
// different rows; what one of them has changed the other can be told.
//
// A path names a thing by the codes of what holds it, and then the field, by its key in the manifest:
//
//	organiser
//	contact/phone
//	venues/sungailiat                                   the venue itself: its place in the order
//	venues/sungailiat/name
//	venues/sungailiat/hours/fri                         "08:00-11:30 13:00-15:30"
//	agencies/dukcapil/services/ktp-baru/confirmed       "true"
//	agencies/dukcapil/services/ktp-baru/standard/fee    "Gratis"
//	agencies/dukcapil/counters/sungailiat:3/series      ["umum"]
//
// A field that is empty has no path. People are not among the fields: they have rows of their own, which are sealed.
package fields

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// Fields are the fields that are not empty, by path. A thing that has a code, such as a venue, is there if and only if
// its own path is.
type Fields map[string]string

// orderStep leaves room between the places of two things in an order.
const orderStep = 10

// Order is the value of a thing's own path: things stand in the order of these texts.
func Order(n int) string { return fmt.Sprintf("%06d", n) }

// Join makes a path of its parts.
func Join(parts ...string) string { return strings.Join(parts, "/") }

// Of takes a region apart.
func Of(r *tenants.Region) Fields {
	f := Fields{}
	if r == nil {
		return f
	}
	f.take("", reflect.ValueOf(*r))
	if r.Logo != "" {
		f["logo"] = r.Logo
	}
	return f
}

// left are the fields of a region that are none here.
var left = map[string]bool{"code": true, "staff": true}

func (f Fields) take(path string, v reflect.Value) {
	for i := range v.NumField() {
		name, ok := keyOf(v.Type().Field(i))
		if !ok || path == "" && left[name] {
			continue
		}
		at := under(path, name)
		switch x := v.Field(i); {
		case x.Type() == reflect.TypeFor[[]tenants.Hours]():
			f.takeHours(at, x.Interface().([]tenants.Hours))
		case x.Kind() == reflect.Struct:
			f.take(at, x)
		case x.Kind() == reflect.Pointer:
			if !x.IsNil() {
				f.take(at, x.Elem())
			}
		case isList(x.Type()):
			for j := range x.Len() {
				item := at + "/" + key(x.Index(j))
				f[item] = Order((j + 1) * orderStep)
				f.take(item, x.Index(j))
			}
		default:
			if text := leaf(x); text != "" {
				f[at] = text
			}
		}
	}
}

// keyOf is a field's name in a path. What stands in a thing's own path is no field of it.
func keyOf(f reflect.StructField) (string, bool) {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" || name == "-" || name == "logo" {
		return "", false
	}
	return name, true
}

// isList tells lists of things that have a code of their own.
func isList(t reflect.Type) bool {
	if t.Kind() != reflect.Slice || t.Elem().Kind() != reflect.Struct {
		return false
	}
	return t != reflect.TypeFor[[]tenants.Person]()
}

// key names a thing in its list.
func key(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case tenants.Counter:
		return CounterKey(x.Venue, x.Code)
	case tenants.Closure:
		return ClosureKey(x.From, x.Venue)
	}
	return v.FieldByName("Code").String()
}

// CounterKey is a counter's part of a path; its code is unique at its venue.
func CounterKey(venue, code string) string { return venue + ":" + code }

// ClosureKey is a closure's part of a path: "2026-12-25:keliling", or "2026-12-25" for all venues.
func ClosureKey(from, venue string) string {
	if venue == "" {
		return from
	}
	return from + ":" + venue
}

// keyed are the fields of a thing that its key says already.
func keyed(t reflect.Type) map[string]bool {
	switch t {
	case reflect.TypeFor[tenants.Counter]():
		return map[string]bool{"code": true, "venue": true}
	case reflect.TypeFor[tenants.Closure]():
		return map[string]bool{"from": true, "venue": true}
	}
	return map[string]bool{"code": true}
}

// leaf is a value as text: "" where it is empty.
func leaf(v reflect.Value) string {
	if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
		return ""
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	}
	text, err := json.Marshal(v.Interface())
	if err != nil {
		panic(fmt.Sprintf("fields: %s: %v", v.Type(), err)) // the manifest's own types
	}
	return string(text)
}

// Problem is a field that cannot be read as what it is.
type Problem struct{ Path, Value string }

// Build puts a region together: its code and its people from base, everything else from the fields. Opening hours of
// a day that say the same as base's keep the words of base, so that taking a region apart and putting it together
// again changes nothing. What cannot be read is left out and told; whether the region makes sense is tenants.Check's.
func Build(base *tenants.Region, f Fields) (*tenants.Region, []Problem) {
	b := builder{fields: f, children: map[string][]string{}}
	for path := range f {
		for i := len(path) - 1; i > 0; i-- {
			if path[i] == '/' {
				b.children[path[:i]] = append(b.children[path[:i]], path[i+1:])
				break
			}
		}
	}
	r := &tenants.Region{Code: base.Code, Staff: base.Staff, Logo: f["logo"]}
	b.put("", reflect.ValueOf(r).Elem())
	for i, v := range r.Venues {
		if j := slices.IndexFunc(base.Venues, func(o tenants.Venue) bool { return o.Code == v.Code }); j >= 0 && sameHours(v.Hours, base.Venues[j].Hours) {
			r.Venues[i].Hours = base.Venues[j].Hours
		}
	}
	slices.SortFunc(b.problems, func(a, c Problem) int { return strings.Compare(a.Path, c.Path) })
	return r, b.problems
}

type builder struct {
	fields   Fields
	children map[string][]string // a list's path -> the keys of what is in it
	problems []Problem
}

func (b *builder) put(path string, v reflect.Value) {
	for i := range v.NumField() {
		name, ok := keyOf(v.Type().Field(i))
		if !ok || path == "" && left[name] {
			continue
		}
		at := under(path, name)
		switch x := v.Field(i); {
		case x.Type() == reflect.TypeFor[[]tenants.Hours]():
			x.Set(reflect.ValueOf(b.hours(at)))
		case x.Kind() == reflect.Struct:
			b.put(at, x)
		case x.Kind() == reflect.Pointer:
			inner := reflect.New(x.Type().Elem())
			if b.put(at, inner.Elem()); !inner.Elem().IsZero() {
				x.Set(inner)
			}
		case isList(x.Type()):
			b.list(at, x)
		default:
			if keyed(v.Type())[name] && path != "" {
				continue // set by list
			}
			if text := b.fields[at]; text != "" && !set(x, text) {
				b.problems = append(b.problems, Problem{at, text})
			}
		}
	}
}

func (b *builder) list(path string, v reflect.Value) {
	keys := slices.Clone(b.children[path])
	slices.SortFunc(keys, func(x, y string) int {
		return cmp.Or(strings.Compare(b.fields[path+"/"+x], b.fields[path+"/"+y]), strings.Compare(x, y))
	})
	for _, k := range keys {
		item := reflect.New(v.Type().Elem()).Elem()
		first, second, _ := strings.Cut(k, ":")
		switch item.Interface().(type) {
		case tenants.Counter:
			item.FieldByName("Venue").SetString(first)
			item.FieldByName("Code").SetString(second)
		case tenants.Closure:
			item.FieldByName("From").SetString(first)
			item.FieldByName("Venue").SetString(second)
		default:
			item.FieldByName("Code").SetString(k)
		}
		b.put(path+"/"+k, item)
		v.Set(reflect.Append(v, item))
	}
}

// set reads a text into a value, and tells whether it could.
func set(v reflect.Value, text string) bool {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
		return true
	case reflect.Int:
		n, err := strconv.Atoi(text)
		v.SetInt(int64(n))
		return err == nil
	case reflect.Bool:
		t, err := strconv.ParseBool(text)
		v.SetBool(t)
		return err == nil
	}
	return json.Unmarshal([]byte(text), v.Addr().Interface()) == nil
}

func under(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

// Holders are the paths of the things that a path stands in, the outermost first: of
// "agencies/dukcapil/services/ktp-baru/minutes" the agency and the service.
func Holders(path string) (out []string) {
	parts := strings.Split(path, "/")
	lists := map[string]bool{"venues": true, "closures": true, "agencies": true, "zones": true, "series": true, "counters": true, "services": true}
	for i := 0; i+2 < len(parts); i++ {
		if lists[parts[i]] && (i == 0 || i == 2) {
			out = append(out, strings.Join(parts[:i+2], "/"))
		}
	}
	return out
}

// Next is the place behind everything that stands in a list.
func (f Fields) Next(list string) string {
	most := 0
	for path, value := range f {
		if rest, ok := strings.CutPrefix(path, list+"/"); ok && !strings.Contains(rest, "/") {
			n, _ := strconv.Atoi(value)
			most = max(most, n)
		}
	}
	return Order(most + orderStep)
}

// Under are a path and everything that stands in it, sorted.
func (f Fields) Under(path string) (out []string) {
	for p := range f {
		if p == path || strings.HasPrefix(p, path+"/") {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

// OfStandard takes a service's standard apart, under its service's path.
func OfStandard(service string, s *catalogue.Standard) Fields {
	f := Fields{}
	if s != nil {
		f.take(service+"/standard", reflect.ValueOf(*s))
	}
	return f
}

// Clone is a copy.
func (f Fields) Clone() Fields { return maps.Clone(f) }
