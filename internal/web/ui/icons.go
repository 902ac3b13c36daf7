package ui

import (
	"context"
	"io"
	"slices"

	"github.com/a-h/templ"

	"github.com/pendopo-id/pendopo/internal/web/assets"
)

// A page carries one sprite with the icons that it uses, each once, at its end. The set travels in the
// context while the page is rendered, so that nobody keeps a list.
type (
	iconKey struct{}
	iconSet struct{ names []string }
)

// unknownIcon stands in for a name that we do not have, which only a region's own manifest can bring: names in our
// sources and in the catalogue are checked by a test.
const unknownIcon = "building-community"

// HasIcon tells whether there is an icon of that name.
func HasIcon(name string) bool {
	_, ok := assets.Symbol(name)
	return ok
}

// Icon draws an icon at the size of the text beside it. It is decoration: the word beside it says what it means.
// In a page it refers to the page's sprite; in a fragment it is drawn whole, for the page that takes
// it in may not have it.
func Icon(name string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if !HasIcon(name) {
			name = unknownIcon
		}
		if set, ok := ctx.Value(iconKey{}).(*iconSet); ok {
			set.add(name)
			_, err := io.WriteString(w, `<svg class="p-i" aria-hidden="true"><use href="#i-`+name+`"></use></svg>`)
			return err
		}
		drawing, _ := assets.Drawing(name)
		_, err := io.WriteString(w, `<svg class="p-i" viewBox="0 0 24 24" aria-hidden="true">`+drawing+`</svg>`)
		return err
	})
}

func (s *iconSet) add(name string) {
	if !slices.Contains(s.names, name) {
		s.names = append(s.names, name)
	}
}

// withIcons renders a layout with a set of its own.
func withIcons(p Page, layout templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		set := &iconSet{}
		for _, name := range p.Icons {
			if HasIcon(name) {
				set.add(name)
			}
		}
		return layout.Render(context.WithValue(ctx, iconKey{}, set), w)
	})
}

// sprite is the last thing in a body: by then it is known which icons the page uses.
func sprite() templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		set, ok := ctx.Value(iconKey{}).(*iconSet)
		if !ok || len(set.names) == 0 {
			return nil
		}
		if _, err := io.WriteString(w, `<svg width="0" height="0" hidden aria-hidden="true">`); err != nil {
			return err
		}
		for _, name := range set.names {
			symbol, _ := assets.Symbol(name)
			if _, err := io.WriteString(w, symbol); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, `</svg>`)
		return err
	})
}
