package ui

import "github.com/a-h/templ"

// Citizen is the layout of a region's public pages. The hero stands under the roof and holds the page's h1; nil
// leaves the roof low, and then the children bring the h1.
func Citizen(p Page, hero templ.Component) templ.Component {
	p = p.on("citizen")
	return withIcons(p, citizen(p, hero))
}

// Platform is the layout of the bare domain: Pendopo's own.
func Platform(p Page) templ.Component {
	p = p.on("platform")
	return withIcons(p, platform(p))
}

// Staff is the layout for people who are signed in, or are about to.
func Staff(p Page) templ.Component {
	p = p.on("staff")
	p.NoIndex = true
	return withIcons(p, staff(p))
}

// CounterScreen is the officer's screen, full height. The bar goes into the header after the mark: counter, connection, pause. The
// children are <main class="p-serve"> and <aside class="p-line">, for the grid has their places.
func CounterScreen(p Page, bar templ.Component) templ.Component {
	p = p.on("staff")
	p.NoIndex = true
	return withIcons(p, counter(p, bar))
}

// Board is a hall's board, dark and without anything to press. The children are BoardTop, <main> and BoardFoot.
func Board(p Page) templ.Component {
	p = p.on("board")
	p.NoIndex, p.Dark = true, true
	return withIcons(p, board(p))
}

// Bare is a document without roof and foot: a printed ticket (Class "p-thermal") or a kiosk (Surface "kiosk",
// Class "p-kiosk"). The children bring <main>.
func Bare(p Page) templ.Component {
	p = p.on("print")
	p.NoIndex = true
	return withIcons(p, bare(p))
}

// Frame is the layout that fits a page which may be anybody's: a region's, the platform's or the staff's.
func Frame(p Page) templ.Component {
	switch {
	case p.Surface == "staff":
		return Staff(p)
	case p.Region == nil:
		return Platform(p)
	}
	return Citizen(p, nil)
}
