using System.Globalization;
using System.Text;

namespace Tensorlet.Data;

/// <summary>
/// A table in a text file of UTF-8, gzipped or not: fields between separators, quoted where they contain one, a quote
/// (doubled) or a line's end (RFC 4180).
/// </summary>
public sealed class Csv
{
    readonly string path;
    readonly List<(int Line, string[] Fields)> rows;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="separator">What stands between fields.</param>
    /// <param name="header">The first line names the columns; without, they are named 0, 1, …</param>
    /// <exception cref="InvalidDataException">A quote is not closed or in the wrong place, a row has not as many fields
    /// as the first, a name comes twice, or there is no row: file, line and column are told.</exception>
    public Csv(string path, char separator = ',', bool header = true)
    {
        this.path = path;
        var bytes = Unpacked.Read(path, content => content.Next(checked((int)content.Length), "text"));
        rows = Parse(Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF'), separator);
        if (rows.Count == 0) throw Wrong(1, 1, "expected a row, found none");
        Columns = header ? rows[0].Fields : [.. rows[0].Fields.Select((_, column) => $"{column}")];
        foreach (var (line, fields) in rows)
            if (fields.Length != Columns.Count)
                throw Wrong(line, Math.Min(fields.Length, Columns.Count) + 1,
                    $"expected {Columns.Count} fields, found {fields.Length}");
        if (Columns.Distinct().Count() < Columns.Count)
            throw Wrong(1, 1, $"expected names that differ, found {string.Join(", ", Columns)}");
        if (header) rows.RemoveAt(0);
    }

    /// <summary>The names of the columns.</summary>
    public IReadOnlyList<string> Columns { get; }
    /// <summary>The number of rows.</summary>
    public int Count => rows.Count;

    /// <summary>A column as it is written.</summary>
    /// <exception cref="IndexException">There is no such column.</exception>
    public string[] Text(string column)
    {
        var at = At(column);
        return [.. rows.Select(row => row.Fields[at])];
    }

    /// <summary>Columns of numbers, (N, C) in Float32; all if none is named.</summary>
    /// <exception cref="IndexException">There is no such column.</exception>
    /// <exception cref="InvalidDataException">A field is no number: file, line and column are told.</exception>
    public Tensor Numbers(params string[] columns) => Numbers(null, columns);

    /// <summary>Columns of numbers, (N, C) in Float32, with a number where a field is empty.</summary>
    /// <inheritdoc cref="Numbers(string[])"/>
    public Tensor Numbers(double? missing, params string[] columns)
    {
        int[] places = columns.Length == 0 ? [.. Enumerable.Range(0, Columns.Count)] : [.. columns.Select(At)];
        return Tensor.From([.. rows.SelectMany(row => places.Select(column => Number(row, column)))],
            [Count, places.Length]);

        float Number((int Line, string[] Fields) row, int column) =>
            row.Fields[column].Trim() is var field && field.Length == 0 && missing is { } value ? (float)value
            : float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
            : throw Wrong(row.Line, column + 1, $"'{Columns[column]}': expected a number, found '{field}'");
    }

    /// <summary>A column of names as labels (N), Int64: the numbers of the names in order.</summary>
    /// <exception cref="IndexException">There is no such column.</exception>
    public (Tensor Labels, string[] Classes) Labels(string column)
    {
        var text = Text(column);
        string[] classes = [.. text.Distinct().Order(StringComparer.Ordinal)];
        return (Tensor.From<long>([.. text.Select(name => Array.IndexOf(classes, name))]), classes);
    }

    int At(string column) => Columns.ToList().IndexOf(column) is >= 0 and var at ? at : throw new IndexException(
        $"{path}: there is no column '{column}'; there are {string.Join(", ", Columns)}.");

    InvalidDataException Wrong(int line, int column, string what) =>
        new($"{path}, line {line}, column {column}: {what}.");

    List<(int, string[])> Parse(string text, char separator)
    {
        List<(int, string[])> rows = [];
        for (var (i, line) = (0, 1); i < text.Length; i++, line++)
        {
            var (first, fields, field) = (line, new List<string>(), new StringBuilder());
            while (true)
            {
                if (i < text.Length && text[i] == '"')
                {
                    var opened = line;
                    for (i++; i < text.Length && (text[i] != '"' || (++i < text.Length && text[i] == '"')); i++)
                    {
                        if (text[i] == '\n') line++;
                        field.Append(text[i]);
                    }
                    if (text[i - 1] != '"' || i > text.Length)
                        throw Wrong(opened, fields.Count + 1, "expected a closing quote, found the end of the file");
                    if (i < text.Length && text[i] != separator && text[i] is not ('\r' or '\n'))
                        throw Wrong(line, fields.Count + 1, $"expected the end of a quoted field, found '{text[i]}'");
                }
                for (; i < text.Length && text[i] != separator && text[i] != '\n'; i++) field.Append(text[i]);
                var end = i == text.Length || text[i] == '\n';
                fields.Add((end ? field.ToString().TrimEnd('\r') : field.ToString()));
                field.Clear();
                if (end) break;
                i++;
            }
            if (fields is not [""]) rows.Add((first, [.. fields]));
        }
        return rows;
    }
}
