package ui

import (
	"strconv"
	"strings"

	"rsc.io/qr"
)

// quietZone is the white edge that a reader needs round a QR code, in modules.
const quietZone = 4

// QR is a drawing of a QR code: the path of its dark modules in a square of Size units, the quiet
// zone included. It is drawn on the server and stands in the page, so it needs no script and no style.
type QR struct {
	Size int
	Path string
}

func (q QR) size() string    { return strconv.Itoa(q.Size) }
func (q QR) viewBox() string { return "0 0 " + q.size() + " " + q.size() }

// NewQR draws a text that is an address. One that is too long for a code, which no address here is,
// has none.
func NewQR(text string) QR {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return QR{}
	}
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				n := strconv.Itoa(run)
				b.WriteString("M" + strconv.Itoa(x+quietZone) + " " + strconv.Itoa(y+quietZone) + "h" + n + "v1h-" + n + "z")
			}
			x += max(run, 1)
		}
	}
	return QR{Size: code.Size + 2*quietZone, Path: b.String()}
}
