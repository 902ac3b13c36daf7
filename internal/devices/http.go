package devices

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/assets"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

const pathList = "/petugas/perangkat"

// tests are the pages that try a device out, below pathList.
var tests = []string{"layar", "cetak", "tablet"}

// Routes registers the pages.
func Routes(r *web.Router) {
	r.Get(pathList, permTest, list, web.Desk("devices.title"))
	r.Get(pathList+"/layar", permTest, screen)
	r.Get(pathList+"/cetak", permTest, paper)
	r.Get(pathList+"/tablet", permTest, tablet)
}

// allowed checks the permission in the region.
func allowed(c *web.Ctx) error { return c.Must(permTest, c.Tenant.Scope) }

func list(c *web.Ctx) error {
	if err := allowed(c); err != nil {
		return err
	}
	p := c.UI(c.P.T("devices.title"))
	p.Surface = "staff"
	l := Shopping()
	return c.Page(http.StatusOK, listPage(p, l, l.old(c.Tenant.Today(c.Now())), c.Origin()))
}

// screen tries a television out. "inci" is its diagonal.
func screen(c *web.Ctx) error {
	if err := allowed(c); err != nil {
		return err
	}
	p := bare(c, "devices.screen.title")
	p.Dark = true
	return c.Page(http.StatusOK, screenPage(p, newScreen(c.Query("inci"))))
}

// paper tries a printer out. "lebar" is the paper's width in mm; "cetak" opens the browser's dialog.
func paper(c *web.Ctx) error {
	if err := allowed(c); err != nil {
		return err
	}
	v := newSlip(c.Query("lebar"))
	v.Print = c.Query("cetak") != ""
	v.Host = c.Host()
	v.QR = ui.NewQR(c.Origin() + ui.PathHome)
	v.Now = c.Now()
	p := c.UI(c.P.T("devices.paper.title"))
	p.Class = "p-thermal"
	if v.Width == 58 {
		p.Class = "p-thermal p-thermal-58"
	}
	if v.Print {
		p.Scripts = []string{"form.js"}
	}
	return c.Page(http.StatusOK, paperPage(p, v))
}

func tablet(c *web.Ctx) error {
	if err := allowed(c); err != nil {
		return err
	}
	return c.Page(http.StatusOK, tabletPage(bare(c, "devices.tablet.title"), newProbe()))
}

// bare is a page without the staff's bar: what is tried out is the device, edge to edge.
func bare(c *web.Ctx, title string) ui.Page {
	p := c.UI(c.P.T(title))
	p.Surface, p.Class, p.Scripts = "device", "p-device", []string{"devices.js"}
	return p
}

// screenView is the test of a television.
type screenView struct {
	Inches int
	Rows   []eyeRow
}

// eyeRow is a line of text and from how far it can be read.
type eyeRow struct {
	Class  string
	Metres string // rounded down to half a metre
}

// inches that televisions have; the second is taken where none is named.
var inches = []int{24, 32, 43, 50, 55, 65}

const usualInches = 43

// shares are the heights of the rows, in per cent of the screen's.
var shares = []int{24, 12, 6, 3}

// newScreen reckons with a diagonal of a screen of 16 to 9.
func newScreen(diagonal string) screenView {
	v := screenView{Inches: usualInches}
	if n, err := strconv.Atoi(diagonal); err == nil && slices.Contains(inches, n) {
		v.Inches = n
	}
	for _, share := range shares {
		v.Rows = append(v.Rows, eyeRow{Class: "p-eye-" + strconv.Itoa(share), Metres: strconv.FormatFloat(metres(v.Inches, share), 'f', -1, 64)})
	}
	return v
}

// metres is from how far a text can be read at ease whose size is a share, in per cent, of the height of a screen. A capital
// of our font is 0.7 of its size, and is read at ease at 20 minutes of arc (ISO 9241-303): 5.8 mm for each metre.
func metres(diagonal, share int) float64 {
	height := float64(diagonal) * 25.4 * 9 / 18.358 // of 16 to 9, whose diagonal is 18.358
	return float64(int(height*float64(share)/100*0.7/5.8*2)) / 2
}

// probe are the files by which the connection is measured, and how many fields there are to touch.
type probe struct {
	Small, Big string
	Targets    []string
}

func newProbe() probe {
	p := probe{Small: assets.URL("mark.svg"), Big: assets.URL("pjs-700.woff2")}
	for i := range 12 {
		p.Targets = append(p.Targets, strconv.Itoa(i+1))
	}
	return p
}
