// Package archive takes a region out of an installation as one file, and puts it into another: on SQLite or PostgreSQL, with
// the same identifiers, rows and chain of records. docs/operations.md, "A region as one file", has the format.
//
// The file is a tar. head.json says whose it is and how it is keyed; rows/NAME-0001.jsonl are a table's rows in the order
// of their keys, one a line, in pieces of about a MiB; checkpoints/ has those of the chain; manifest.json counts and sums all
// of it, and manifest.mac vouches for that. The region's keys lie in it wrapped by the archive's own key, never in clear.
package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
)

// Format is the number of the archive's form. Another one is refused.
const Format = 1

// The entries of the tar.
const (
	headName     = "head.json"
	rowsFolder   = "rows/"
	pointsFolder = "checkpoints/"
	manifestName = "manifest.json"
	macName      = "manifest.mac"
)

// Head is the first entry.
type Head struct {
	Format int       `json:"format"`
	Schema string    `json:"schema"` // the newest migration: "0013_operator"
	MadeAt time.Time `json:"made_at"`
	Tenant Whose     `json:"tenant"`
	Key    KeyHead   `json:"key"`
}

// Whose says which region it is.
type Whose struct {
	ID   string `json:"id"`
	Code string `json:"code"`
	Name string `json:"name"`
}

// Manifest is the last entry but one.
type Manifest struct {
	Head   string  `json:"head_sha256"`
	Tables []Table `json:"tables"`
	Files  []Part  `json:"files"`
}

// Table is a table with its pieces; one without rows has none.
type Table struct {
	Name  string `json:"name"`
	Rows  int    `json:"rows"`
	Parts []Part `json:"parts"`
}

// Part is an entry of the tar.
type Part struct {
	Name   string `json:"name"`
	Rows   int    `json:"rows,omitempty"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Rows are all rows of all tables.
func (m *Manifest) Rows() (n int) {
	for _, t := range m.Tables {
		n += t.Rows
	}
	return n
}

// What can be wrong with an archive. Each comes wrapped with where.
var (
	ErrSpoilt = errors.New("the archive is not as it was written")
	ErrKey    = errors.New("the archive was made with another passphrase or key file")
	ErrFormat = errors.New("the archive is of another version")
)

// encode writes a row as a line: a JSON object by column. Bytes are {"base64": ...}, moments {"time": ...} in RFC 3339.
func encode(c store.Cells) ([]byte, error) {
	out := make(map[string]any, len(c))
	for name, v := range c {
		switch x := v.(type) {
		case []byte:
			out[name] = bytesCell{x}
		case time.Time:
			out[name] = timeCell{store.TimeText(x)}
		default:
			out[name] = v
		}
	}
	line, err := json.Marshal(out) // by name
	return append(line, '\n'), err
}

type bytesCell struct {
	Base64 []byte `json:"base64"`
}

type timeCell struct {
	Time string `json:"time"`
}

// decode reads what encode wrote.
func decode(line []byte) (store.Cells, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(line, &raw); err != nil {
		return nil, err
	}
	out := make(store.Cells, len(raw))
	for name, text := range raw {
		v, err := decodeCell(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = v
	}
	return out, nil
}

func decodeCell(text json.RawMessage) (any, error) {
	switch text[0] {
	case 'n':
		return nil, nil //nolint:nilnil // it is what the column held
	case '"':
		var s string
		err := json.Unmarshal(text, &s)
		return s, err
	case 't', 'f':
		return text[0] == 't', nil
	case '{':
		var v struct {
			Base64 *[]byte `json:"base64"`
			Time   *string `json:"time"`
		}
		if err := json.Unmarshal(text, &v); err != nil {
			return nil, err
		}
		switch {
		case v.Base64 != nil && v.Time == nil:
			return *v.Base64, nil
		case v.Time != nil && v.Base64 == nil:
			at, err := time.Parse("2006-01-02T15:04:05.000000Z", *v.Time)
			return at.UTC(), err
		}
		return nil, errors.New("neither bytes nor a moment")
	}
	var n int64
	err := json.Unmarshal(text, &n)
	return n, err
}
