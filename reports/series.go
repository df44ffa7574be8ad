package reports

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// seriesHead are the columns of series.csv. Counts are of the slice; processor time is in cores.
var seriesHead = []string{
	"t_s", "phase", "system", "rep", "offered", "accepted", "results", "backlog",
	"p50_ns", "p99_ns", "p99.9_ns", "cpu_driver", "cpu_broker", "cpu_system", "cpu_tool",
	"memory_tool_bytes", "memory_broker_bytes", "memory_system_bytes",
}

const sliceNs = int64(1e9)

// series writes series.csv (RFC 4180): a row for each second since T0 of each repetition. A cell is
// empty where nothing was measured, and latency is empty where the repetition is not valid.
func series(w io.Writer, run *Run) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	rows := [][]string{seriesHead}
	for _, t := range run.trails {
		rows = append(rows, seriesOf(run, &t)...)
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write series: %w", err)
	}
	return nil
}

func seriesOf(run *Run, t *summary.Trail) [][]string {
	if len(t.Ticks) == 0 {
		return nil
	}
	latency := sliceLatency(run, t)
	end := t.Ticks[len(t.Ticks)-1].Tick.ScheduleNs
	var rows [][]string
	next := 0
	for from := int64(0); from < end; from += sliceNs {
		to := min(from+sliceNs, end)
		last, backlog := t.Ticks[next].Tick, uint64(0)
		for ; next < len(t.Ticks)-1 && t.Ticks[next].Tick.ScheduleNs <= to; next++ {
			last = t.Ticks[next].Tick
			backlog = max(backlog, last.Backlog)
		}
		row := []string{
			strconv.FormatFloat(float64(to)/1e9, 'f', 3, 64), last.Phase, t.System,
			strconv.Itoa(t.Rep),
		}
		row = append(row, sliceCounts(t, from, to)...)
		row = append(row, filled(float64(backlog)))
		row = append(row, latencyCells(latency[from/sliceNs])...)
		row = append(row, sliceCores(t, from, to)...)
		rows = append(rows, append(row, filled(float64(last.MemoryB)),
			filled(float64(last.BrokerMemoryB)), filled(float64(last.SystemMemoryB))))
	}
	return rows
}

func sliceCounts(t *summary.Trail, from, to int64) []string {
	var cells []string
	for _, read := range []summary.Gauge{
		func(k *record.Tick) float64 { return float64(k.Offered) },
		func(k *record.Tick) float64 { return float64(k.Accepted) },
		func(k *record.Tick) float64 { return float64(k.Results) },
	} {
		cells = append(cells, strconv.FormatFloat(t.Rise(from, to, read), 'f', 0, 64))
	}
	return cells
}

func sliceCores(t *summary.Trail, from, to int64) []string {
	var cells []string
	for _, read := range []summary.Gauge{
		func(k *record.Tick) float64 { return float64(k.CPU.DriverNs) },
		func(k *record.Tick) float64 { return float64(k.CPU.BrokerNs) },
		func(k *record.Tick) float64 { return float64(k.CPU.SystemNs) },
		func(k *record.Tick) float64 { return float64(k.CPU.ToolNs) },
	} {
		cores := t.Rise(from, to, read) / float64(to-from)
		cells = append(cells, strconv.FormatFloat(cores, 'f', 4, 64))
	}
	return cells
}

// sliceLatency finds the interval of the latency log that lies in each slice since T0. Intervals
// begin with the run's seconds, so each goes to the slice that holds its middle.
func sliceLatency(run *Run, t *summary.Trail) map[int64]record.Interval {
	if run.Manifest.Conditions.RateMax || !isValid(run, t) {
		return nil
	}
	t0, slices := t.T0Ns(), map[int64]record.Interval{}
	for _, stage := range []string{record.StageWarmup, record.StageResult} {
		for _, v := range run.Log.Intervals[record.Tag{System: t.System, Rep: t.Rep, Stage: stage}] {
			slices[max((v.FromNs+v.ToNs)/2-t0, 0)/sliceNs] = v
		}
	}
	return slices
}

func isValid(run *Run, t *summary.Trail) bool {
	for _, s := range run.Result.Systems {
		for _, r := range s.Repetitions {
			if s.Name == t.System && r.Rep == t.Rep {
				return r.Status == summary.Valid
			}
		}
	}
	return false
}

func latencyCells(v record.Interval) []string {
	cells := []string{"", "", ""}
	for i, ns := range []int64{v.P50Ns, v.P99Ns, v.P999Ns} {
		if v.N > 0 {
			cells[i] = strconv.FormatInt(ns, 10)
		}
	}
	return cells
}

// filled is a count, or an empty cell where 0 means that nothing was read.
func filled(v float64) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}
