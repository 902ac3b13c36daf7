package tenants

import (
	"strings"
	"testing"
)

// The region's own rule on second factors is read, checked, compared and written like the rest.
func TestSecurity(t *testing.T) {
	files := folderFS(t, validFolder)
	at := "19.01-bangka/" + regionFile
	base := string(files[at].Data)
	load := func(lines string) (*Region, Problems) {
		files[at].Data = []byte(strings.TrimRight(base, "\n") + "\n" + lines)
		return LoadWith(testCat, files, "19.01-bangka")
	}
	plain := valid(t)
	r, problems := load("security: {second_factor: [manager, front-office]}\n")
	if problems.Err() != nil || len(r.Security.SecondFactor) != 2 || r.Security.SecondFactor[0] != RoleManager {
		t.Fatal(problems, r)
	}
	changes := Diff(plain, r)
	if len(changes) != 1 || changes[0].Text != "~ region: langkah kedua untuk (kosong) → manajer MPP, meja depan" {
		t.Errorf("%+v", changes)
	}
	if changes := Diff(r, plain); len(changes) != 1 {
		t.Errorf("%+v", changes)
	}
	if text := string(encodeRegion(r)); !strings.Contains(text, "\nsecurity:\n  second_factor: [manager, front-office]\n") {
		t.Error(text)
	}
	if text := string(encodeRegion(plain)); strings.Contains(text, "security") {
		t.Error("a region without the rule writes it")
	}
	for lines, want := range map[string]string{
		"security: {second_factor: [manajer]}\n":          `"manager"`,
		"security: {second_factor: [officer, officer]}\n": "sudah ada",
		"security: {second_factors: [officer]}\n":         "second_factor",
		"security: {second_factor: officer}\n":            "second_factor",
	} {
		_, problems := load(lines)
		if problems.Err() == nil || !strings.Contains(problems.Error(), want) {
			t.Errorf("%s: %v", lines, problems)
		}
	}
}
