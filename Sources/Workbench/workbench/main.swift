import Commands

Workbench.launch()
