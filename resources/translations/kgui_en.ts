<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>DifferencesPanel</name>
    <message numerus="yes">
        <source>{count} layers in both</source>
        <translation>
            <numerusform>{count} layer in both</numerusform>
            <numerusform>{count} layers in both</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Histogram</name>
    <message numerus="yes">
        <source>{span}
{count} values</source>
        <translation>
            <numerusform>{span}
{count} value</numerusform>
            <numerusform>{span}
{count} values</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SummaryDialog</name>
    <message numerus="yes">
        <source>… and {count} more lines</source>
        <translation>
            <numerusform>… and {count} more line</numerusform>
            <numerusform>… and {count} more lines</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>TrainingPanel</name>
    <message numerus="yes">
        <source>Train {name}: {epochs} epochs, {batch} samples per step, on {devices}.</source>
        <translation>
            <numerusform>Train {name}: {epochs} epoch, {batch} samples per step, on {devices}.</numerusform>
            <numerusform>Train {name}: {epochs} epochs, {batch} samples per step, on {devices}.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Window</name>
    <message numerus="yes">
        <source>{layers} layers  ·  {params} parameters</source>
        <translation>
            <numerusform>{layers} layer  ·  {params} parameters</numerusform>
            <numerusform>{layers} layers  ·  {params} parameters</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>_SideName</name>
    <message numerus="yes">
        <source>{layers} layers  ·  {params}</source>
        <translation>
            <numerusform>{layers} layer  ·  {params}</numerusform>
            <numerusform>{layers} layers  ·  {params}</numerusform>
        </translation>
    </message>
</context>
</TS>
