package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streambench/streambench/reports/record/recordtest"
	"github.com/streambench/streambench/reports/summary"
)

// TestExplainTellsRuleEvidenceAndRemedyOfEveryPlantedDefect holds the whole text by a golden file,
// one defect after the other, so that no rule comes without its explanation.
func TestExplainTellsRuleEvidenceAndRemedyOfEveryPlantedDefect(t *testing.T) {
	var all bytes.Buffer
	told := map[string]bool{}
	for _, d := range recordtest.Defects {
		r := recordtest.New(t, recordtest.Options{Faults: d.Faults})
		r.Manifest.Limits = nil
		d.Plant(t, r)
		dir := t.TempDir()
		r.Write(t, dir)
		var out, errs bytes.Buffer
		if code := run([]string{"explain", "verdict", dir}, strings.NewReader(""), &out, &errs); code != 0 {
			t.Fatalf("%s: exit %d: %s", d.Why, code, errs.String())
		}
		text := out.String()
		words := strings.Join(strings.Fields(text), " ") // as it reads without its line breaks
		for _, part := range []string{"the rule: " + d.Rule + ": ", "evidence: ", "; limit: ",
			"what to do: "} {
			if !strings.Contains(words, part) {
				t.Errorf("%s: the explanation lacks %q", d.Why, part)
			}
		}
		told[d.Rule] = true
		fmt.Fprintf(&all, "# %s\n%s\n", d.Why, text)
	}
	for _, rule := range summary.Rules() {
		if !told[rule.Code] {
			t.Errorf("rule %s is never explained", rule.Code)
		}
	}
	path := filepath.Join("testdata", "explain_verdict.txt")
	if *update {
		if err := os.WriteFile(path, all.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(all.Bytes(), want) {
		t.Errorf("%s is not what is told today: look at the difference, then run with -update", path)
	}
}
