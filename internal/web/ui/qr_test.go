package ui

import (
	"strings"
	"testing"
)

// A QR code that nobody can read is worse than none: finder patterns stand in three corners, and the
// quiet zone is empty.
func TestQRCode(t *testing.T) {
	q := NewQR("https://bangka.pendopo.id/antrean/019acf3e-0000-7000-8000-000000000000")
	if q.Size < 21+2*quietZone || !strings.HasPrefix(q.Path, "M4 4h7v1h-7z") {
		t.Errorf("%d modules, %.20q", q.Size, q.Path)
	}
	if bad := NewQR(strings.Repeat("x", 5000)); bad.Path != "" {
		t.Error("a text that does not fit was drawn")
	}
}
