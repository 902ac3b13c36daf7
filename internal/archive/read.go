package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"reflect"
	"strings"

	"github.com/pendopo-id/pendopo/internal/store"
)

// What an archive may ask of who reads it.
const (
	mostHead     = 64 << 10
	mostManifest = 64 << 20
	mostLine     = 64 << 20
)

// Reader reads an archive from its beginning to its end, once.
type Reader struct {
	Head Head
	tar  *tar.Reader
	all  io.Reader // the file, summed as it is read
	sum  hash.Hash
	seen Manifest // what has been read so far
}

// Open reads an archive's head.
func Open(r io.Reader) (*Reader, error) {
	sum := sha256.New()
	all := io.TeeReader(r, sum)
	a := &Reader{tar: tar.NewReader(all), all: all, sum: sum}
	text, err := a.small(headName, mostHead)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &a.Head); err != nil {
		return nil, spoilt("%s: %v", headName, err)
	}
	if a.Head.Format != Format {
		return nil, fmt.Errorf("%w: form %d, and this program reads %d", ErrFormat, a.Head.Format, Format)
	}
	a.seen = Manifest{Head: sumOf(text), Tables: []Table{}, Files: []Part{}}
	return a, nil
}

func spoilt(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrSpoilt}, args...)...)
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Key makes the archive's key out of what it was made with.
func (a *Reader) Key(ctx context.Context, s Secret) (*Key, error) { return keyOf(ctx, a.Head.Key, s) }

// small reads the next entry, which has to be the one that is named, whole.
func (a *Reader) small(name string, most int64) ([]byte, error) {
	h, err := a.tar.Next()
	if err != nil || h.Name != name || h.Size > most {
		return nil, spoilt("%s is not where it belongs", name)
	}
	text, err := io.ReadAll(a.tar)
	if err != nil {
		return nil, spoilt("%s: %v", name, err)
	}
	return text, nil
}

// Each gives every row, in order, and checks at the end that all of it is as it was written: until then nothing that it
// gave may be believed. With a key it is also checked that who made it had that key. It gives the whole file's SHA-256.
func (a *Reader) Each(ctx context.Context, k *Key, row func(table string, c store.Cells) error) (m Manifest, sum string, err error) {
	for {
		h, err := a.tar.Next()
		if err != nil {
			return m, "", spoilt("it ends before its manifest")
		}
		if ctx.Err() != nil {
			return m, "", ctx.Err()
		}
		switch {
		case h.Name == manifestName:
			if m, err = a.manifest(h, k); err != nil {
				return m, "", err
			}
			if _, err := io.Copy(io.Discard, a.all); err != nil { // the tar's padding
				return m, "", spoilt("its end: %v", err)
			}
			return m, hex.EncodeToString(a.sum.Sum(nil)), nil
		case strings.HasPrefix(h.Name, rowsFolder):
			err = a.rows(h, row)
		case strings.HasPrefix(h.Name, pointsFolder):
			s := sha256.New()
			n, cerr := io.Copy(s, a.tar)
			a.seen.Files = append(a.seen.Files, Part{Name: h.Name, Bytes: n, SHA256: hex.EncodeToString(s.Sum(nil))})
			err = cerr
		default:
			err = spoilt("an entry %q", h.Name)
		}
		if err != nil {
			return m, "", err
		}
	}
}

// rows reads a piece of a table.
func (a *Reader) rows(h *tar.Header, row func(string, store.Cells) error) error {
	name, _, ok := strings.Cut(strings.TrimPrefix(h.Name, rowsFolder), "-")
	if !ok {
		return spoilt("an entry %q", h.Name)
	}
	tables := a.seen.Tables
	if len(tables) == 0 || tables[len(tables)-1].Name != name {
		a.seen.Tables = append(tables, Table{Name: name, Parts: []Part{}})
	}
	s := sha256.New()
	p := Part{Name: h.Name, Bytes: h.Size}
	lines := bufio.NewScanner(io.TeeReader(a.tar, s))
	lines.Buffer(make([]byte, 0, 64<<10), mostLine)
	for lines.Scan() {
		c, err := decode(lines.Bytes())
		if err != nil {
			return spoilt("%s, line %d: %v", h.Name, p.Rows+1, err)
		}
		p.Rows++
		if err := row(name, c); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return spoilt("%s: %v", h.Name, err)
	}
	p.SHA256 = hex.EncodeToString(s.Sum(nil))
	t := &a.seen.Tables[len(a.seen.Tables)-1]
	t.Rows, t.Parts = t.Rows+p.Rows, append(t.Parts, p)
	return nil
}

func (a *Reader) manifest(h *tar.Header, k *Key) (m Manifest, err error) {
	if h.Size > mostManifest {
		return m, spoilt("%s is too long", manifestName)
	}
	text, err := io.ReadAll(a.tar)
	if err != nil {
		return m, spoilt("%s: %v", manifestName, err)
	}
	mac, err := a.small(macName, 256)
	if err != nil {
		return m, err
	}
	if k != nil && !hmac.Equal(bytes.TrimSpace(mac), []byte(k.vouch(text))) {
		return m, fmt.Errorf("%w, or its manifest was changed", ErrKey)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, spoilt("%s: %v", manifestName, err)
	}
	if _, err := a.tar.Next(); !errors.Is(err, io.EOF) {
		return m, spoilt("something follows its manifest")
	}
	return m, a.compare(m)
}

// compare holds what was read against what was written.
func (a *Reader) compare(m Manifest) error {
	if a.seen.Head != m.Head {
		return spoilt("%s", headName)
	}
	var full []Table // those without rows have left no entry
	for _, t := range m.Tables {
		if t.Rows > 0 || len(t.Parts) > 0 {
			full = append(full, t)
		}
	}
	for i, t := range full {
		if i >= len(a.seen.Tables) || !reflect.DeepEqual(t, a.seen.Tables[i]) {
			return spoilt("the rows of %s", t.Name)
		}
	}
	if len(full) != len(a.seen.Tables) || len(m.Files) != len(a.seen.Files) {
		return spoilt("it has more than its manifest says")
	}
	for i, f := range m.Files {
		if f != a.seen.Files[i] {
			return spoilt("%s", f.Name)
		}
	}
	return nil
}
