package devices

import (
	"strconv"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// slipView is the test of a printer: a ticket as it is printed, with a ruler.
type slipView struct {
	Width int // of the paper in mm: 58 or 80
	Print bool
	Host  string
	QR    ui.QR
	Now   time.Time
}

// printable is how wide a thermal printer's head is, in mm.
func (v slipView) printable() int {
	if v.Width == 58 {
		return 48
	}
	return 72
}

func newSlip(width string) slipView {
	if width == "58" {
		return slipView{Width: 58}
	}
	return slipView{Width: 80}
}

func (v slipView) other() int { return 138 - v.Width }

func slipPath(width int, print bool) string {
	path := pathList + "/cetak?lebar=" + strconv.Itoa(width)
	if print {
		path += "&cetak=1"
	}
	return path
}

// ruler is a scale of whole millimetres from edge to edge, a longer line every five and the longest every ten.
func (v slipView) ruler() string {
	var b strings.Builder
	for mm := range v.printable() + 1 {
		length := "2"
		switch {
		case mm%10 == 0:
			length = "6"
		case mm%5 == 0:
			length = "4"
		}
		// The outermost lines stand inside, or the printer would cut half of them away.
		x := float64(mm)
		switch mm {
		case 0:
			x = 0.15
		case v.printable():
			x -= 0.15
		}
		b.WriteString("M" + strconv.FormatFloat(x, 'f', -1, 64) + " 0v" + length)
	}
	return b.String()
}

func (v slipView) rulerSize() string { return strconv.Itoa(v.printable()) + "mm" }
func (v slipView) rulerBox() string  { return "0 0 " + strconv.Itoa(v.printable()) + " 7" }

// thin are lines of growing width in mm: the thinnest that our tickets have is 0.3.
var thin = []struct {
	Y, Width, Label string
}{{"1", "0.15", "0,15"}, {"4", "0.3", "0,3"}, {"7", "0.5", "0,5"}}

// patches are eight steps that a screen must tell from black, and from white.
var patches = []struct{ dark, light string }{
	{"#080808", "#f7f7f7"}, {"#101010", "#efefef"}, {"#181818", "#e7e7e7"}, {"#202020", "#dfdfdf"},
	{"#303030", "#cfcfcf"}, {"#404040", "#bfbfbf"}, {"#606060", "#9f9f9f"}, {"#808080", "#7f7f7f"},
}

func commaed(decimal string) string { return strings.ReplaceAll(decimal, ".", ",") }

// hostOf is an origin as somebody types it.
func hostOf(origin string) string {
	_, host, _ := strings.Cut(origin, "://")
	return host
}
