package audit

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/pendopo-id/pendopo/internal/store"
)

// Copy gives a tenant's files, by month, as long as they are when it is called: for an archive.
func (f *Folder) Copy(ctx context.Context, t store.TenantID, fn func(name string, r io.Reader, size int64) error) error {
	dir := filepath.Join(f.dir, t.String())
	names, err := files(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := copyOne(filepath.Join(dir, name), name, fn); err != nil {
			return err
		}
	}
	return nil
}

func copyOne(path, name string, fn func(string, io.Reader, int64) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return fn(name, file, info.Size())
}

// Forget deletes the checkpoints of a tenant that was erased.
func (f *Folder) Forget(t store.TenantID) error {
	if t.IsZero() {
		return errors.New("audit: checkpoints of no tenant")
	}
	return os.RemoveAll(filepath.Join(f.dir, t.String()))
}
