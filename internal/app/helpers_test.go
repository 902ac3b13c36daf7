package app_test

import (
	"io"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/testkit"
)

// dirOf is the data folder of a SQLite address of testkit's.
func dirOf(address string) string { return filepath.Dir(strings.TrimPrefix(address, "sqlite:")) }

func itoa(n int) string { return strconv.Itoa(n) }

func copyAll(to io.Writer, from io.ReadCloser) (int64, error) {
	defer from.Close()
	return io.Copy(to, from)
}

// pendopoIn runs a command on the SQLite database of a data folder.
func pendopoIn(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	out, err := exec.Command(testkit.Build(t), append(args, "--data", dir)...).CombinedOutput()
	return string(out), err
}

// discard is a log that nobody reads.
var discard = slog.New(slog.DiscardHandler)
