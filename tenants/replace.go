package tenants

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// A manifest is several files, and no file system changes several at once. So the new ones are first
// written whole into a folder of their own inside the region's, and that folder's new name is what makes
// them the manifest: from then on readFolder reads there, until every file stands in its place.
const (
	draftDir  = ".manifest.tmp" // being written; nobody reads it
	stagedDir = ".manifest.new" // whole, and the manifest
	pastDir   = ".manifest.old" // in place everywhere; about to be removed
)

// mayReplace refuses a folder that would lose what was never a manifest's, before anything is written.
func mayReplace(fsys fs.FS) error {
	agencies, err := strays(fsys, nil)
	if err == nil && len(agencies) > 0 && !exists(fsys, regionFile) && !exists(fsys, stagedDir) {
		err = ErrNotManifest
	}
	return err
}

func exists(fsys fs.FS, name string) bool {
	_, err := fs.Stat(fsys, name)
	return err == nil
}

// steps are what writing a manifest takes, in order. Between any two of them the process may end: the
// folder then reads as before or as after, and the same steps bring it to its end.
func steps(root *os.Root, files []textFile) []func() error {
	var all []func() error
	if exists(root.FS(), stagedDir) { // an earlier one was cut short: it counts, so it is finished first
		all = append(all, func() error { return settle(root) })
	}
	all = append(all,
		func() error { return errors.Join(root.RemoveAll(draftDir), root.RemoveAll(pastDir)) },
		func() error { return root.MkdirAll(path.Join(draftDir, agencyDir), 0o755) })
	for _, f := range files {
		all = append(all, func() error { return put(root, path.Join(draftDir, f.name), f.text) })
	}
	all = append(all, func() error {
		syncDir(root, path.Join(draftDir, agencyDir))
		syncDir(root, draftDir)
		return move(root, draftDir, stagedDir)
	})
	return append(all, settling(root, files)...)
}

// settling brings each staged file to its place, removes what the manifest no longer has, and takes the
// staging away.
func settling(root *os.Root, files []textFile) []func() error {
	all := []func() error{func() error {
		return errors.Join(root.MkdirAll(agencyDir, 0o755), root.MkdirAll(draftDir, 0o755))
	}}
	for _, f := range files {
		all = append(all,
			func() error { return put(root, path.Join(draftDir, path.Base(f.name)), f.text) },
			func() error { return root.Rename(path.Join(draftDir, path.Base(f.name)), f.name) })
	}
	return append(all,
		func() error {
			stale, err := strays(root.FS(), files)
			for _, name := range stale {
				err = errors.Join(err, root.Remove(name))
			}
			syncDir(root, agencyDir)
			return err
		},
		func() error { return move(root, stagedDir, pastDir) },
		func() error { return errors.Join(root.RemoveAll(draftDir), root.RemoveAll(pastDir)) })
}

// settle finishes a writing that was cut short after its files were staged.
func settle(root *os.Root) error {
	var c collector
	f, _ := readFiles(root.FS(), stagedDir, &c)
	if err := c.done().Err(); err != nil {
		return err
	}
	files := append([]textFile{}, f.agencies...)
	if f.logo != nil {
		files = append(files, textFile{logoFile, f.logo})
	}
	files = append(files, textFile{regionFile, f.root})
	for _, step := range settling(root, files) {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// strays are the agency files and the crest in a folder that a manifest of these files has not.
func strays(fsys fs.FS, files []textFile) ([]string, error) {
	keep := map[string]bool{}
	for _, f := range files {
		keep[f.name] = true
	}
	var out []string
	if files != nil && !keep[logoFile] && exists(fsys, logoFile) {
		out = append(out, logoFile)
	}
	entries, err := fs.ReadDir(fsys, agencyDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		name := path.Join(agencyDir, e.Name())
		if !e.IsDir() && path.Ext(e.Name()) == yamlEnding && !strings.HasPrefix(e.Name(), ".") && !keep[name] {
			out = append(out, name)
		}
	}
	return out, nil
}

// put writes a file whole, down to the disk.
func put(root *os.Root, name string, text []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// move renames a folder within the region's, down to the disk.
func move(root *os.Root, from, to string) error {
	syncDir(root, ".")
	if err := root.Rename(from, to); err != nil {
		return err
	}
	syncDir(root, ".")
	return nil
}

// syncDir makes what happened in a folder last through a power cut, where the system can do that.
func syncDir(root *os.Root, name string) {
	if d, err := root.Open(name); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
