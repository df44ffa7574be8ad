package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

func (p *page) repetitions(r *summary.Result) {
	for _, s := range r.Systems {
		for _, rep := range s.Repetitions {
			line := repetitionRow{System: s.Name, Rep: fmt.Sprint(rep.Rep), Use: "kept",
				Status: string(rep.Status), Colour: looks[summary.Unknown].colour,
				Accepted: "–", P99: "–", Results: "–"}
			switch {
			case rep.Twin:
				line.Rep, line.Use = "–", record.RepetitionName(rep.Rep)+", without the faults"
			case !rep.Kept:
				line.Use = "discarded"
			}
			if rep.Status == summary.Valid {
				line.Colour = looks[summary.Pass].colour
			}
			if v, ok := rep.Figures["accepted"]; ok {
				line.Accepted = summary.Format(v, record.PerSecond)
			}
			if v, ok := rep.Figures["latency.p99"]; ok {
				line.P99 = summary.Format(v, record.Nanoseconds)
			}
			if rep.Results != nil {
				line.Results = summary.Count(float64(rep.Results.Count)) + ", " + rep.Results.Digest
			}
			for i, reason := range rep.Reasons {
				if i > 0 {
					line.Reason += "; "
				}
				line.Reason += reason.Text
			}
			p.Repetitions = append(p.Repetitions, line)
		}
	}
}

// probeColours are those of the answers a probe can give.
var probeColours = map[string]string{
	record.ProbePass: looks[summary.Pass].colour, record.ProbeFail: looks[summary.Fail].colour,
	record.ProbeInvalid: looks[summary.Unknown].colour,
}

func (p *page) searches(r *summary.Result) {
	told := map[string]bool{}
	for _, s := range r.Systems {
		if s.Search == nil || told[s.Base()] {
			continue
		}
		told[s.Base()] = true
		section := searchSection{System: s.Base(), Text: " " + s.Search.Text(),
			Title: "Search for the sustainable rate: " + s.Base(), Head: "Rate tried",
			How: "Rates rise until one fails, then the gap is halved; the answer lies between the last " +
				"that passed and the first that failed."}
		if !s.Search.Settled() {
			section.Text = ": " + s.Search.Text()
		}
		if s.Search.Drains() {
			section.Title, section.Head = "Capacity of "+s.Base()+", ESTIMATED", "Drained at"
			section.How = "A topic is filled first and then drained, twice: the first time tells how " +
				"much is to be in it the second time. No rate was offered, so nothing says that it is " +
				"sustained."
		}
		for _, probe := range s.Search.Probes {
			line := probeRow{Rate: summary.Format(probe.Rate, record.PerSecond), Answer: probe.Answer,
				Colour: probeColours[probe.Answer], Why: probe.Text}
			if line.Why == "" {
				line.Why = probe.Reason
			}
			if probe.Confirms {
				line.Answer += ", to confirm"
			}
			section.Probes = append(section.Probes, line)
		}
		p.Searches = append(p.Searches, section)
	}
}

func (p *page) pictures(run *Run) {
	for i := range run.Result.Systems {
		o := timeOf(run, &run.Result.Systems[i])
		section := timeSection{System: o.system, Picture: timePicture(run, o)}
		section.Head, section.Table = timeTable(o)
		if o.reps > 1 {
			section.Caption = fmt.Sprintf("%d repetitions: the line is their median, the band reaches "+
				"from the least to the largest. The table is of the first.", o.reps)
		}
		p.Time = append(p.Time, section)
		if run.Manifest.Conditions.RateMax {
			continue
		}
		if h := heatOf(run, o); h != nil {
			p.Heat = append(p.Heat, heatSection{h.picture(run, o), heatTable(o)})
		}
	}
	switch systems := spectraOf(run, record.StageResult); {
	case run.Manifest.Conditions.RateMax:
		p.NoSpectrum = "At rate max nothing is due at any time, so there is no latency to show."
	case len(systems) == 0 && anyValid(run):
		p.NoSpectrum = "Not shown: no result can be told to be set off by one event of steady, so " +
			"there is no latency."
	case len(systems) == 0:
		p.NoSpectrum = "Not shown: no repetition is valid, and the latency of an INVALID one is not " +
			"printed."
	default:
		p.Spectrum, p.SpectrumTable = spectrumPicture(run, systems), spectrumTable(systems)
	}
	p.Settings = settingsOf(run)
	if p.Noise != "" {
		p.NoiseTable = noiseTable(run)
	}
}

func anyValid(run *Run) bool {
	for _, s := range run.Result.Systems {
		for _, r := range s.Repetitions {
			if r.Kept && r.Status == summary.Valid {
				return true
			}
		}
	}
	return false
}

func provenance(run *Run) []row {
	m := run.Manifest
	rows := []row{
		{"Command", commandLine(m.Command), ""},
		{"Run", m.ID, ""},
		{"Started", m.Start.UTC().Format("2006-01-02 15:04:05 UTC"), ""},
		{"Seed", fmt.Sprint(m.Conditions.Seed), "same seed: same events, same schedule, same results"},
		{"streambench", strings.TrimSpace(m.Version + " " + m.Commit), m.GoVersion},
		{"scenario.lock.yaml", m.LockHash, "SHA-256; every default is written out below"},
		{"Stream", m.StreamDigest, "SHA-256 of the parameters and the first 100 000 events"},
	}
	for _, k := range slices.Sorted(maps.Keys(m.Conditions.Params)) {
		rows = append(rows, row{"Parameter " + k, m.Conditions.Params[k], ""})
	}
	return append(rows, row{"Host", m.Host.Hostname + ", " + m.Host.OS + "/" + m.Host.Arch,
		"fingerprint " + m.Host.Hash})
}
