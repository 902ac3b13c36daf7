package archive

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
)

// partSize is how much of a table is gathered before it is written: a tar says how long an entry is before it begins.
const partSize = 1 << 20

// writer writes an archive, in memory of a piece.
type writer struct {
	tar  *tar.Writer
	sum  hash.Hash // of the whole file
	at   time.Time
	made Manifest
	part bytes.Buffer
	rows int
}

func newWriter(w io.Writer, h Head) (*writer, error) {
	sum := sha256.New()
	a := &writer{tar: tar.NewWriter(io.MultiWriter(w, sum)), sum: sum, at: h.MadeAt}
	text, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return nil, err
	}
	part, err := a.entry(headName, text)
	a.made = Manifest{Head: part.SHA256, Tables: []Table{}, Files: []Part{}}
	return a, err
}

func (a *writer) entry(name string, text []byte) (Part, error) {
	sum := sha256.Sum256(text)
	p := Part{Name: name, Bytes: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}
	err := a.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: p.Bytes, ModTime: a.at.Truncate(time.Second), Format: tar.FormatPAX})
	if err == nil {
		_, err = a.tar.Write(text)
	}
	return p, err
}

func (a *writer) begin(table string) error {
	if err := a.flush(); err != nil {
		return err
	}
	a.made.Tables = append(a.made.Tables, Table{Name: table, Parts: []Part{}})
	return nil
}

func (a *writer) row(c store.Cells) error {
	line, err := encode(c)
	if err != nil {
		return err
	}
	a.part.Write(line)
	a.rows++
	if a.part.Len() < partSize {
		return nil
	}
	return a.flush()
}

// flush writes what is gathered of the table that is being written.
func (a *writer) flush() error {
	if a.rows == 0 {
		return nil
	}
	t := &a.made.Tables[len(a.made.Tables)-1]
	p, err := a.entry(fmt.Sprintf("%s%s-%04d.jsonl", rowsFolder, t.Name, len(t.Parts)+1), a.part.Bytes())
	p.Rows = a.rows
	t.Parts, t.Rows = append(t.Parts, p), t.Rows+a.rows
	a.part.Reset()
	a.rows = 0
	return err
}

// file adds a file of the region's.
func (a *writer) file(name string, r io.Reader, size int64) error {
	sum := sha256.New()
	err := a.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: a.at.Truncate(time.Second), Format: tar.FormatPAX})
	if err == nil {
		_, err = io.Copy(io.MultiWriter(a.tar, sum), io.LimitReader(r, size))
	}
	a.made.Files = append(a.made.Files, Part{Name: name, Bytes: size, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return err
}

// close writes the manifest and gives the whole file's SHA-256.
func (a *writer) close(k *Key) (sum string, err error) {
	if err := a.flush(); err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(a.made, "", "  ")
	if err != nil {
		return "", err
	}
	if _, err := a.entry(manifestName, text); err != nil {
		return "", err
	}
	if _, err := a.entry(macName, []byte(k.vouch(text)+"\n")); err != nil {
		return "", err
	}
	err = a.tar.Close()
	return hex.EncodeToString(a.sum.Sum(nil)), err
}
