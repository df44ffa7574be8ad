package workloads

import (
	"maps"
	"strings"
	"testing"
)

func TestEveryDefaultIsCanonicalOrReadsBackAsItself(t *testing.T) {
	for _, tmpl := range Catalog {
		for _, p := range tmpl.Params {
			v, err := p.Parse(p.Default)
			if err != nil {
				t.Errorf("%s: default of %s: %v", tmpl.Name, p.Name, err)
				continue
			}
			again, err := p.Parse(v.String(p.Kind))
			if err != nil || again != v {
				t.Errorf("%s: %s = %q reads back as %+v, %v, want %+v", tmpl.Name, p.Name,
					v.String(p.Kind), again, err, v)
			}
		}
	}
}

func TestValuesAreWrittenInOneWay(t *testing.T) {
	for _, c := range []struct {
		kind      ParamKind
		written   []string
		canonical string
	}{
		{CountParam, []string{"1500000", "1.5M", "1500k", "1500.0k"}, "1500k"},
		{CountParam, []string{"0"}, "0"},
		{CountParam, []string{"12345", "12.345k"}, "12345"},
		{CountParam, []string{"2G", "2000M"}, "2G"},
		{MillisParam, []string{"90s", "1m30s", "1.5m", "90000ms"}, "90s"},
		{MillisParam, []string{"0s", "0ms"}, "0ms"},
		{FlagParam, []string{"true"}, "true"},
		{DisorderParam, []string{"2s", "2000ms", "10k:1ms:2s"}, "2s"},
		{DisorderParam, []string{"0ms", "0:1ms:2s"}, "0ms"},
		{DisorderParam, []string{"100k:3s:3s", "100000:3000ms:3s"}, "100000:3s:3s"},
	} {
		p := Param{Name: "p", Kind: c.kind}
		for _, text := range c.written {
			v, err := p.Parse(text)
			if err != nil {
				t.Errorf("%q: %v", text, err)
			} else if got := v.String(c.kind); got != c.canonical {
				t.Errorf("%q is written %q, want %q", text, got, c.canonical)
			}
		}
	}
}

func TestAllWrongParametersAreToldAtOnce(t *testing.T) {
	tmpl, _ := Find(iotName)
	_, errs := tmpl.Resolve(map[string]string{
		"kees":     "10",
		"window":   "10",
		"bound":    "ten",
		"groups":   "0",
		"disorder": "10:5s:1s",
	})
	want := []string{
		`unknown parameter "kees" of workload iot-telemetry: did you mean "keys"?`,
		`parameter "window": "10" has no unit: write 10ms, 10s or 10m`,
		`parameter "disorder": disorder "10:5s:1s": the least delay is above the largest: ` +
			`write 10:1s:5s`,
		`parameter "bound": "ten" is not a duration: write 500ms, 10s or 1m`,
		`parameter "groups": "0" is too small: write 1 or more`,
	}
	if len(errs) != len(want) {
		t.Fatalf("%d errors, want %d: %v", len(errs), len(want), errs)
	}
	for i, err := range errs {
		if !strings.HasPrefix(err.Error(), want[i]) {
			t.Errorf("error %d:\n got %s\nwant %s", i, err, want[i])
		}
	}
}

func TestParametersAreCheckedAgainstEachOther(t *testing.T) {
	for _, c := range []struct {
		workload string
		params   map[string]string
		want     string // a part of the error; empty if there is none
	}{
		{iotName, map[string]string{"groups": "953"}, "would repeat: write 954"},
		{iotName, map[string]string{"groups": "9530"}, "would repeat: write 9531"},
		{iotName, map[string]string{"groups": "954"}, ""},
		{iotName, map[string]string{"keys": "0"}, "write 1 or more"},
		{iotName, map[string]string{"window": "0ms"}, "write 1ms or more"},
		{iotName, map[string]string{"window": "1500us"}, "not whole milliseconds: write 2ms"},
		{iotName, map[string]string{"keys": "9999G"}, "too large"},
		{iotName, map[string]string{"keys": "1.0005k"}, "not a whole number"},
		{iotName, map[string]string{"keys": "-1"}, "not a whole number"},
		{iotName, map[string]string{"window": "-1s"}, "negative"},
		{iotName, map[string]string{"window": "99999h"}, "too long"},
		{iotName, map[string]string{"window": "NaN"}, "not a duration"},
		{iotName, map[string]string{"disorder": "2M:1ms:2ms"}, "1M or less"},
		{iotName, map[string]string{"disorder": "1:2"}, "ppm:lo:hi"},
		{iotName, map[string]string{"disorder": "1:2:3"}, "has no unit"},
		{ysbName, map[string]string{"skew": "yes"}, "neither true nor false"},
		{nexmarkName, map[string]string{"query": "q50"}, `did you mean "q5"?`},
		{nexmarkName, map[string]string{"slide": "11s"}, "write 10s or less"},
		{nexmarkName, map[string]string{"slide": "3s"}, ""},
		{nexmarkName, map[string]string{"gap": "3s"}, "does not apply to query q5: leave it out"},
		{nexmarkName, map[string]string{"gap": "3s", "query": "q11"}, ""},
		{nexmarkName, map[string]string{"zzzzzzzz": ""},
			"unknown parameter \"zzzzzzzz\" of workload nexmark (param"},
	} {
		tmpl, _ := Find(c.workload)
		_, errs := tmpl.Resolve(c.params)
		switch {
		case c.want == "" && len(errs) > 0:
			t.Errorf("%v: %v", c.params, errs)
		case c.want != "" && (len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want)):
			t.Errorf("%v: errors %v, want one with %q", c.params, errs, c.want)
		}
	}
}

func TestTheBoundFollowsADisorderThatIsGiven(t *testing.T) {
	for _, c := range []struct {
		workload string
		params   map[string]string
		boundMs  int64
	}{
		{iotName, nil, 2000},
		{iotName, map[string]string{"disorder": "5s"}, 5000},
		{iotName, map[string]string{"disorder": "100ms"}, 100},
		{iotName, map[string]string{"disorder": "5s", "bound": "1s"}, 1000},
		{nexmarkName, nil, 4000},
		{nexmarkName, map[string]string{"disorder": "1s"}, 4000},
		{nexmarkName, map[string]string{"disorder": "9s"}, 9000},
		{ysbName, nil, 100},
	} {
		w := newWorkload(t, c.workload, 1000, c.params)
		if w.Query.BoundMs != c.boundMs || w.Timeline.BoundMs != c.boundMs {
			t.Errorf("%s %v: bound %d, %d, want %d", c.workload, c.params, w.Query.BoundMs,
				w.Timeline.BoundMs, c.boundMs)
		}
	}
}

func TestAWorkloadFromASeedAloneHasItsDefaults(t *testing.T) {
	for _, tmpl := range Catalog {
		w, err := tmpl.New(Settings{Seed: 7})
		if err != nil {
			t.Errorf("%s: %v", tmpl.Name, err)
			continue
		}
		values, errs := tmpl.Resolve(nil)
		if len(errs) > 0 || !maps.Equal(values, w.Settings.Values) {
			t.Errorf("%s: %v, want %v (%v)", tmpl.Name, w.Settings.Values, values, errs)
		}
		if w.Timeline.EventRate != tmpl.Rate {
			t.Errorf("%s: event rate %d, want %d", tmpl.Name, w.Timeline.EventRate, tmpl.Rate)
		}
	}
}

func TestSettingsNoWorkloadCanHaveAreRefused(t *testing.T) {
	tmpl, _ := Find(iotName)
	for what, s := range map[string]Settings{
		"event rate":        {EventRate: maxEventRate + 1},
		"unknown parameter": {Values: map[string]Value{"nothing": {}}},
		"groups":            {Values: map[string]Value{"groups": {Int: 953}}},
	} {
		if _, err := tmpl.New(s); err == nil || !strings.Contains(err.Error(), "make workload") {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

func TestSessionsThatHardlyEndAreWarnedOf(t *testing.T) {
	for rate, warned := range map[uint64]bool{2500: false, 2501: true, 100_000: true} {
		w := newWorkload(t, nexmarkName, rate, map[string]string{"query": "q11"})
		if got := len(w.Warnings) > 0; got != warned {
			t.Errorf("q11 at %d/s: warnings %q", rate, w.Warnings)
		}
	}
}

func FuzzParametersReadBackAsWritten(f *testing.F) {
	for _, s := range []string{"1.5M", "10s", "true", "100ms", "10000:1ms:2s", "::", "-", "1e9"} {
		f.Add(uint8(0), s)
		f.Add(uint8(1), s)
		f.Add(uint8(4), s)
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		p := Param{Name: "p", Kind: ParamKind(kind % 5), Choices: []string{"a"}}
		v, err := p.Parse(text)
		if err != nil {
			return
		}
		if again, err := p.Parse(v.String(p.Kind)); err != nil || again != v {
			t.Errorf("%q: %+v is written %q and reads back as %+v, %v", text, v,
				v.String(p.Kind), again, err)
		}
	})
}
