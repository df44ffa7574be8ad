package scenarios

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/streambench/streambench/matrix"
	"github.com/streambench/streambench/reports/record"
)

// decide checks the decision and reads its anchors in the units of their metrics.
func (c *checker) decide() {
	d := c.s.Decide
	if d == nil || !c.sound("decide") {
		return
	}
	names := map[string]bool{}
	for i := range d.Mandates {
		path := fmt.Sprintf("decide/mandates/%d", i)
		c.named(path, "mandate", d.Mandates[i].Name, names)
		c.mandate(path, &d.Mandates[i])
	}
	names = map[string]bool{}
	largest := 0.0
	for i := range d.Criteria {
		path := fmt.Sprintf("decide/criteria/%d", i)
		c.named(path, "criterion", d.Criteria[i].Name, names)
		c.criterion(path, &d.Criteria[i])
		largest = max(largest, d.Criteria[i].Swing)
	}
	if len(d.Criteria) > 0 && largest != 100 {
		c.failKey("decide/criteria", fmt.Sprintf("the largest swing is %s", plain(largest)),
			"give the row that is worth most 100 and the others their share of it")
	}
}

func (c *checker) named(path, what, name string, seen map[string]bool) {
	switch {
	case name == "":
		c.fail(path, fmt.Sprintf("the %s has no name", what), "add name: throughput")
	case seen[name]:
		c.fail(path+"/name", fmt.Sprintf("%s %q is there twice", what, clip(name)), "rename one")
	}
	seen[name] = true
}

func (c *checker) mandate(path string, m *matrix.Mandate) {
	switch {
	case (m.Metric == "") == (m.Declared == ""):
		c.fail(path, "a mandate is on a metric or on something declared",
			"write metric: lost, max: 0 or declared: license, in: osi")
	case m.Declared != "":
		if m.In == "" {
			c.fail(path, fmt.Sprintf("mandate %q demands nothing", clip(m.Name)), "add in: osi")
		}
		c.absent(path, "a declared mandate", "min", "max")
	case m.Min.Text == "" && m.Max.Text == "":
		c.fail(path, fmt.Sprintf("mandate %q demands nothing", clip(m.Name)), "add min or max")
	default:
		if metric, ok := c.metric(path+"/metric", m.Metric); ok {
			c.anchor(path+"/min", metric, &m.Min)
			c.anchor(path+"/max", metric, &m.Max)
		}
		if m.Min.Text != "" && m.Max.Text != "" && m.Min.Value > m.Max.Value {
			c.fail(path+"/min", "min is above max", "swap them")
		}
	}
}

func (c *checker) absent(path, what string, keys ...string) {
	for _, key := range keys {
		if c.has(path + "/" + key) {
			c.failKey(path+"/"+key, what+" has no "+key, "leave it out")
		}
	}
}

func (c *checker) metric(path, name string) (record.Metric, bool) {
	m, ok := record.FindMetric(name)
	if !ok {
		c.fail(path, fmt.Sprintf("no metric is called %q", clip(name)),
			didYouMean(name, metricNames()))
	}
	return m, ok
}

// anchor reads the number of an anchor in the metric's unit.
func (c *checker) anchor(path string, m record.Metric, a *matrix.Anchor) {
	if a.Text == "" {
		return
	}
	value, err := measure(m, a.Text)
	if err != nil {
		message, remedy := halves(fmt.Sprintf("%q %s", m.Name, err))
		c.fail(path, message, remedy)
		return
	}
	a.Value = value
}

func (c *checker) criterion(path string, k *matrix.Criterion) {
	kinds := 0
	for _, set := range []bool{k.Metric != "", k.Judged != nil, k.Declared != nil} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		c.fail(path, fmt.Sprintf("criterion %q is measured in %d ways", clip(k.Name), kinds),
			"write one of metric, judged, declared")
		return
	}
	if k.Metric != "" {
		if m, ok := c.metric(path+"/metric", k.Metric); ok {
			c.anchor(path+"/bad", m, &k.Bad)
			c.anchor(path+"/good", m, &k.Good)
			c.direction(path, m, k)
		}
	} else {
		c.numbers(path, k)
	}
	c.anchors(path, k)
}

// numbers checks what was judged or declared, which has no unit.
func (c *checker) numbers(path string, k *matrix.Criterion) {
	for _, a := range []struct {
		key    string
		anchor *matrix.Anchor
	}{{"bad", &k.Bad}, {"good", &k.Good}} {
		if a.anchor.Text == "" {
			continue
		}
		value, err := strconv.ParseFloat(a.anchor.Text, 64)
		if err != nil {
			c.fail(path+"/"+a.key, fmt.Sprintf("%s is %q", a.key, clip(a.anchor.Text)), "write a number")
			continue
		}
		a.anchor.Value = value
	}
	labels := c.labels()
	for name, three := range k.Judged {
		at := path + "/judged/" + name
		if len(three) != 3 || !slices.IsSorted(three) {
			c.fail(at, fmt.Sprintf("%q is not judged low, likely and high", clip(name)), "write [6, 7, 8]")
		}
		c.alternative(at, name, labels)
	}
	for name := range k.Declared {
		c.alternative(path+"/declared/"+name, name, labels)
	}
	if k.By == "" {
		c.fail(path, fmt.Sprintf("nobody stands behind criterion %q", clip(k.Name)), "add by: ops team")
	}
}

func (c *checker) labels() []string {
	var labels []string
	for _, s := range c.s.Systems {
		labels = append(labels, s.Label())
	}
	return labels
}

func (c *checker) alternative(path, name string, labels []string) {
	if !slices.Contains(labels, name) && c.sound("systems") {
		c.failKey(path, fmt.Sprintf("no system of this scenario is called %q", clip(name)),
			didYouMean(name, labels))
	}
}

// direction refuses anchors that call the worse end of a metric good.
func (c *checker) direction(path string, m record.Metric, k *matrix.Criterion) {
	if k.Bad.Text == "" || k.Good.Text == "" || k.Bad.Value == k.Good.Value {
		return
	}
	if (k.Good.Value > k.Bad.Value) != (m.Better == record.Higher) {
		c.fail(path+"/good", fmt.Sprintf("%q is better %s, and good is the other way", m.Name, m.Better),
			"swap bad and good")
	}
}

func (c *checker) anchors(path string, k *matrix.Criterion) {
	if !c.sound(path) {
		return
	}
	switch {
	case k.Bad.Text == "" || k.Good.Text == "":
		c.fail(path, fmt.Sprintf("criterion %q lacks an anchor", clip(k.Name)),
			"add bad and good, or a limit on its metric in slo")
	case k.Bad.Value == k.Good.Value:
		c.fail(path+"/good", "bad and good are equal", "set them apart")
	case k.Scale == "ratio" && (k.Bad.Value <= 0 || k.Good.Value <= 0):
		c.fail(path+"/scale", "a ratio scale needs anchors above 0", "write scale: linear")
	}
	if k.Swing == 0 && !c.has(path+"/swing") {
		c.fail(path, fmt.Sprintf("criterion %q has no swing", clip(k.Name)), "add swing: 100")
	}
}
