package signin

import "github.com/pendopo-id/pendopo/internal/web/ui"

// wrong lists the fields to mend, in the form's order.
func (f form) wrong() (out []ui.Wrong) {
	for _, name := range []string{"name", "email", "password", "code", "secret", "current", "new", "role", "agency", "reason"} {
		if text := f.Fields[name]; text != "" {
			out = append(out, ui.Wrong{ID: name, Text: text})
		}
	}
	return out
}
