package booking

import (
	"bufio"
	"strings"
	"testing"
)

func Test(t *testing.T) {
	s := bufio.NewScanner(strings.NewReader("x"))
	s.Scan() // no arguments: another Scan
	_ = tenantID.Scan("19")
}
